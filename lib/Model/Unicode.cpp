// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Unicode.h"

#include <algorithm>
#include <iterator>
#include <vector>

using namespace wafer;

namespace {

struct CodeRange {
  uint32_t first;
  uint32_t last;
};
struct CombiningRange {
  uint32_t first;
  uint32_t last;
  uint8_t value;
};
struct Decomposition {
  uint32_t code;
  uint32_t first;
  uint32_t second; // 0: a single character
  uint8_t composes;
};

#include "UnicodeTables.inc"

template <typename Range, size_t N>
const Range *findRange(const Range (&table)[N], uint32_t code) {
  const Range *next = std::upper_bound(
      std::begin(table), std::end(table), code,
      [](uint32_t value, const Range &range) { return value < range.first; });
  if (next == std::begin(table) || code > std::prev(next)->last) {
    return nullptr;
  }
  return std::prev(next);
}

uint8_t combiningClass(uint32_t code) {
  const CombiningRange *range = findRange(kCombining, code);
  return range ? range->value : 0;
}

// Hangul syllables are composed by arithmetic (The Unicode Standard, 3.12).
constexpr uint32_t kSyllables = 0xac00, kLeads = 0x1100, kVowels = 0x1161,
                   kTails = 0x11a7;
constexpr uint32_t kLeadCount = 19, kVowelCount = 21, kTailCount = 28;

void decompose(uint32_t code, std::vector<uint32_t> &out) {
  if (code - kSyllables < kLeadCount * kVowelCount * kTailCount) {
    uint32_t index = code - kSyllables;
    out.push_back(kLeads + index / (kVowelCount * kTailCount));
    out.push_back(kVowels + index / kTailCount % kVowelCount);
    if (uint32_t tail = index % kTailCount) {
      out.push_back(kTails + tail);
    }
    return;
  }
  const Decomposition *found =
      std::lower_bound(std::begin(kDecompositions), std::end(kDecompositions),
                       code, [](const Decomposition &entry, uint32_t value) {
                         return entry.code < value;
                       });
  if (found == std::end(kDecompositions) || found->code != code) {
    out.push_back(code);
    return;
  }
  decompose(found->first, out);
  if (found->second) {
    decompose(found->second, out);
  }
}

/// The composition of two characters, or 0.
uint32_t compose(uint32_t first, uint32_t second) {
  if (first - kLeads < kLeadCount && second - kVowels < kVowelCount) {
    return kSyllables +
           ((first - kLeads) * kVowelCount + (second - kVowels)) * kTailCount;
  }
  bool hasNoTail = first - kSyllables < kLeadCount * kVowelCount * kTailCount &&
                   (first - kSyllables) % kTailCount == 0;
  if (hasNoTail && second - kTails - 1 < kTailCount - 1) {
    return first + (second - kTails);
  }
  // Only compositions matter here; this is called for few characters.
  for (const Decomposition &entry : kDecompositions) {
    if (entry.composes && entry.first == first && entry.second == second) {
      return entry.code;
    }
  }
  return 0;
}

/// Canonical ordering, then canonical composition, of decomposed characters.
void recompose(std::vector<uint32_t> &codes) {
  for (size_t begin = 0; begin < codes.size();) {
    if (combiningClass(codes[begin]) == 0) {
      ++begin;
      continue;
    }
    size_t end = begin;
    while (end < codes.size() && combiningClass(codes[end]) != 0) {
      ++end;
    }
    std::stable_sort(codes.begin() + begin, codes.begin() + end,
                     [](uint32_t a, uint32_t b) {
                       return combiningClass(a) < combiningClass(b);
                     });
    begin = end;
  }
  size_t starter = codes.size(); // none yet
  size_t kept = 0;
  uint8_t lastClass = 0;
  for (uint32_t code : codes) {
    uint8_t value = combiningClass(code);
    // A character is blocked from the starter by one of its own class, or by
    // a starter in between.
    bool adjacent = starter + 1 == kept;
    if (starter < kept && (adjacent || (lastClass < value && lastClass != 0))) {
      if (uint32_t composed = compose(codes[starter], code)) {
        codes[starter] = composed;
        continue;
      }
    }
    if (value == 0) {
      starter = kept;
    }
    lastClass = value;
    codes[kept++] = code;
  }
  codes.resize(kept);
}

} // namespace

DecodedChar wafer::decodeUtf8(std::string_view text, size_t position) {
  auto byteAt = [&](size_t i) -> uint32_t {
    return i < text.size() ? uint8_t(text[i]) : 0;
  };
  const uint32_t lead = byteAt(position);
  if (lead < 0x80) {
    return {lead, 1};
  }
  uint32_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) {
    return {kInvalidCodePoint, 1};
  }
  uint32_t code = lead & (0xffu >> (length + 1));
  for (uint32_t i = 1; i < length; ++i) {
    uint32_t next = byteAt(position + i);
    if ((next & 0xc0) != 0x80) {
      return {kInvalidCodePoint, 1};
    }
    code = code << 6 | (next & 0x3f);
  }
  bool overlong =
      (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (overlong || surrogate || code > 0x10ffff) {
    return {kInvalidCodePoint, 1};
  }
  return {code, length};
}

void wafer::appendUtf8(std::string &text, uint32_t code) {
  if (code < 0x80) {
    text += char(code);
  } else if (code < 0x800) {
    text += char(0xc0 | code >> 6);
    text += char(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    text += char(0xe0 | code >> 12);
    text += char(0x80 | (code >> 6 & 0x3f));
    text += char(0x80 | (code & 0x3f));
  } else {
    text += char(0xf0 | code >> 18);
    text += char(0x80 | (code >> 12 & 0x3f));
    text += char(0x80 | (code >> 6 & 0x3f));
    text += char(0x80 | (code & 0x3f));
  }
}

bool wafer::isValidUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    DecodedChar c = decodeUtf8(text, i);
    if (c.codePoint == kInvalidCodePoint) {
      return false;
    }
    i += c.length;
  }
  return true;
}

std::string wafer::replaceAll(std::string_view text, std::string_view from,
                              std::string_view to) {
  std::string result;
  for (size_t i = 0; i < text.size();) {
    if (text.compare(i, from.size(), from) == 0) {
      result += to;
      i += from.size();
    } else {
      result += text[i++];
    }
  }
  return result;
}

bool wafer::isLetter(uint32_t code) {
  if (code < 0x80) {
    return (code | 0x20) - 'a' < 26;
  }
  return findRange(kLetters, code) != nullptr;
}

bool wafer::isNumber(uint32_t code) {
  if (code < 0x80) {
    return code - '0' < 10;
  }
  return findRange(kNumbers, code) != nullptr;
}

bool wafer::isSpace(uint32_t code) {
  return (code >= 0x9 && code <= 0xd) || code == 0x20 || code == 0x85 ||
         code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
         code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f ||
         code == 0x3000;
}

std::string wafer::toNfc(std::string_view text) {
  std::string result;
  std::vector<uint32_t> codes;
  auto flush = [&] {
    recompose(codes);
    for (uint32_t code : codes) {
      appendUtf8(result, code);
    }
    codes.clear();
  };
  // Below U+0300 nothing combines and everything is in form C.
  auto isPlain = [](std::string_view all) {
    return std::all_of(all.begin(), all.end(),
                       [](char c) { return uint8_t(c) < 0xcc; });
  };
  if (isPlain(text)) {
    return std::string(text);
  }
  for (size_t i = 0; i < text.size();) {
    DecodedChar c = decodeUtf8(text, i);
    if (c.codePoint == kInvalidCodePoint) {
      flush();
      result += text[i];
    } else {
      decompose(c.codePoint, codes);
    }
    i += c.length;
  }
  flush();
  return result;
}
