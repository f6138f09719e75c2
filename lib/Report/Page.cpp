// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Report/Page.h"

#include "PageParts.h"

#include <string_view>

using namespace wafer;

/// No '<' remains, so that no name can end the block or begin a comment in it.
/// '<' occurs in JSON only inside texts.
static void appendEscaped(std::string &page, std::string_view json) {
  for (char c : json) {
    if (c == '<') {
      page += "\\u003c";
    } else {
      page += c;
    }
  }
}

Result<std::string> wafer::makePage(const Image &image, const Machine &machine,
                                    const PageOptions &options) {
  Result<std::string> data = makePageData(image, machine, options);
  if (!data) {
    return data.takeError();
  }
  std::string page;
  std::string_view rest = kPageHtml;
  auto copyUntil = [&](std::string_view mark) {
    size_t at = rest.find(mark);
    page += rest.substr(0, at);
    rest.remove_prefix(at == rest.npos ? rest.size() : at + mark.size());
  };
  copyUntil("@style@");
  page += kPageStyle;
  copyUntil("@data@");
  appendEscaped(page, *data);
  copyUntil("@scripts@");
  page += kPageScripts;
  page += rest;
  return page;
}
