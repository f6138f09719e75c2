// RUN: wsec-opt %s --wpe-allocate=machine=wse2 --wpe-verify-allocated=machine=wse2 --wpe-print-code | FileCheck %s

// PLACEHOLDER
