// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Certify/Certify.h"
#include "Builder.h"
