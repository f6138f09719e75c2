// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Sim/LinkHeat.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

using namespace wafer;

void LinkHeat::onWord(const LinkWord &word) {
  uint64_t key = uint64_t(uint32_t(word.from.y)) << 40 |
                 uint64_t(uint32_t(word.from.x)) << 16 |
                 uint64_t(word.port) << 8 | word.color;
  Count &c = count[key];
  c.from = word.from;
  c.port = word.port;
  c.color = word.color;
  ++c.words;
  c.controls += word.control;
}

std::vector<LinkHeat::Count> LinkHeat::counts() const {
  std::vector<Count> sorted;
  sorted.reserve(count.size());
  for (const auto &entry : count) {
    sorted.push_back(entry.second);
  }
  std::sort(sorted.begin(), sorted.end(), [](const Count &a, const Count &b) {
    return std::tie(a.from, a.port, a.color) <
           std::tie(b.from, b.port, b.color);
  });
  return sorted;
}

std::string LinkHeat::toJson(Cycle cycles) const {
  static constexpr const char *kPorts[] = {"west", "east", "south", "north",
                                           "ramp"};
  std::vector<Count> all = counts();
  struct Sum {
    uint64_t links = 0, ramp = 0, controls = 0;
  };
  std::map<unsigned, Sum> colors;
  for (const Count &c : all) {
    Sum &sum = colors[c.color];
    (c.port == Port::Ramp ? sum.ramp : sum.links) += c.words;
    sum.controls += c.controls;
  }
  std::string text = fmt::format("{{\"cycles\":{},\n\"colors\":[", cycles);
  const char *separator = "\n";
  for (const auto &[color, sum] : colors) {
    text += fmt::format("{}{{\"color\":{},\"link_words\":{},\"ramp_words\":{},"
                        "\"control_words\":{}}}",
                        separator, color, sum.links, sum.ramp, sum.controls);
    separator = ",\n";
  }
  text += "],\n\"links\":[";
  separator = "\n";
  for (size_t i = 0; i < all.size();) {
    uint64_t words = 0;
    std::string byColor;
    size_t first = i;
    for (; i < all.size() && all[i].from == all[first].from &&
           all[i].port == all[first].port;
         ++i) {
      words += all[i].words;
      byColor += fmt::format("{}\"{}\":{}", i == first ? "" : ",", all[i].color,
                             all[i].words);
    }
    text += fmt::format("{}{{\"core\":[{},{}],\"port\":\"{}\",\"words\":{},"
                        "\"colors\":{{{}}}}}",
                        separator, all[first].from.x, all[first].from.y,
                        kPorts[unsigned(all[first].port)], words, byColor);
    separator = ",\n";
  }
  return text + "]}\n";
}
