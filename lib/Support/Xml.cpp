// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Support/Xml.h"

std::string wafer::escapeXml(const std::string &text) {
  std::string out;
  for (char c : text) {
    out += c == '&'   ? "&amp;"
           : c == '<' ? "&lt;"
           : c == '>' ? "&gt;"
           : c == '"' ? "&quot;"
                      : std::string(1, c);
  }
  return out;
}
