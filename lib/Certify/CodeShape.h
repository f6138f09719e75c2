// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- CodeShape.h - Where the paths of code part and meet (internal) -----===//
//
// The control flow of a role. A jump back into a loop that no path leaves is
// the end of a period ("forever"); for where paths meet it counts as an end.
// Code with `ret` is not of the class.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_CERTIFY_CODESHAPE_H
#define WAFER_LIB_CERTIFY_CODESHAPE_H

#include "wafer/Image/Image.h"

#include <vector>

namespace wafer::certifier {

class CodeShape {
public:
  explicit CodeShape(const Role &role);

  bool isForever(uint32_t jump) const { return forever[jump]; }
  /// A period begins there.
  bool isPeriodBegin(uint32_t at) const { return begins[at]; }
  /// Where all paths from here meet again; the number of instructions if they
  /// do not before the end.
  uint32_t meet(uint32_t at) const { return meets[at]; }
  uint32_t size() const { return count; }
  /// Instructions that paths from a branch run through before they meet.
  std::vector<uint32_t> between(uint32_t branch) const;
  /// A backward branch goes there.
  bool isLoopHead(uint32_t at) const { return heads[at]; }

private:
  void findForever();
  void findMeets();

  const uint32_t count;
  std::vector<std::vector<uint32_t>> next;
  std::vector<bool> forever;
  std::vector<bool> begins;
  std::vector<bool> heads;
  std::vector<uint32_t> meets;
};

} // namespace wafer::certifier

#endif // WAFER_LIB_CERTIFY_CODESHAPE_H
