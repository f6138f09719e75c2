// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- CaseText.h - A case as a text ----------------------------*- C++ -*-===//
//
// The text form of the image, which `wsec assemble` takes, with the costs as
// the machine's parameter set. What the host does stands in front of it, in
// comments that readCase() understands:
//
//   //! push round 0 port 1 data 5 6
//   //! round cycles 40 goal 0 words 2 goal 1 words 1 edge
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_TEST_UNIT_SIM_CASETEXT_H
#define WAFER_TEST_UNIT_SIM_CASETEXT_H

#include "RandomImages.h"

#include <string>

namespace wafer::test {

/// `remark` comes first, as comments. Where the machine keeps to no machine
/// file's bounds (a router buffer of one wavelet, say), the text says so, and
/// neither readCase() nor `wsec assemble` takes it.
std::string printCase(const RandomCase &test, const std::string &remark);

Result<RandomCase> readCase(const std::string &text, const std::string &file);

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_SIM_CASETEXT_H
