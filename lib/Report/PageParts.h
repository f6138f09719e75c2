// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- PageParts.h - The files of the page (internal) -----------*- C++ -*-===//
#ifndef WAFER_LIB_REPORT_PAGEPARTS_H
#define WAFER_LIB_REPORT_PAGEPARTS_H

namespace wafer {

/// page.html: has a line with "@style@", one with "@data@" and one with
/// "@scripts@", for the others.
extern const char *const kPageHtml;
/// page.css.
extern const char *const kPageStyle;
/// The scripts, one after the other, in the order of CMakeLists.txt.
extern const char *const kPageScripts;

} // namespace wafer

#endif // WAFER_LIB_REPORT_PAGEPARTS_H
