// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Page.h - An image as a page for the browser --------------*- C++ -*-===//
//
// One HTML file that shows the floorplan of an image down to a single core and
// needs nothing but itself: style, scripts and data are inside, and its content
// policy forbids everything else. It holds the image without its weights:
// rectangles, run-length lists and code, never one record a core, so it grows
// with roles and with the sides of regions. The browser derives the rest.
//
// Names of an image may be anything: they stand in one JSON block whose '<' are
// escaped, and the scripts put them into the page as text only.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_REPORT_PAGE_H
#define WAFER_REPORT_PAGE_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"

#include <string>

namespace wafer {

struct PageOptions {
  /// What the page calls the image: the name of its file.
  std::string title;
  /// The output of `wsec run --json` for this image, for the cycle account;
  /// empty without a run.
  std::string run;
  /// What errors call that text.
  std::string runName = "run";
};

/// The page. Fails where `run` is no run of this image: other regions, another
/// machine, or no JSON of `wsec run`.
Result<std::string> makePage(const Image &image, const Machine &machine,
                             const PageOptions &options);

/// The JSON block of the page (docs/report.md).
Result<std::string> makePageData(const Image &image, const Machine &machine,
                                 const PageOptions &options);

} // namespace wafer

#endif // WAFER_REPORT_PAGE_H
