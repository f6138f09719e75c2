// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Xml.h - Text inside XML ----------------------------------*- C++ -*-===//
#ifndef WAFER_SUPPORT_XML_H
#define WAFER_SUPPORT_XML_H

#include <string>

namespace wafer {

/// `text` as it stands in an element or in a quoted attribute.
std::string escapeXml(const std::string &text);

} // namespace wafer

#endif // WAFER_SUPPORT_XML_H
