// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- PublishedTablesText.cpp - Tables as text, Markdown, SVG ------------===//
#include "wafer/Bench/PublishedTables.h"

#include "wafer/Support/Xml.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

using namespace wafer;

/// "13,486"
static std::string grouped(double value) {
  std::string digits = fmt::format("{:.0f}", value);
  for (size_t i = digits.size(); i > 3; i -= 3) {
    digits.insert(i - 3, ",");
  }
  return digits;
}

/// "9,142 (0.68)": with the part of the published value that it is.
static std::string cellOf(const PublishedRow &row, size_t set) {
  if (!row.ours[set]) {
    return "-";
  }
  return fmt::format("{} ({:.2f})", grouped(*row.ours[set]),
                     *row.ours[set] / row.published);
}

static std::string publishedCell(const PublishedRow &row) {
  return grouped(row.published) + (row.how.empty() ? "" : ", " + row.how);
}

/// With blanks behind (or in front) up to a width.
static std::string padded(std::string text, size_t width, bool right = false) {
  size_t missing = width > text.size() ? width - text.size() : 0;
  return right ? std::string(missing, ' ') + text
               : text + std::string(missing, ' ');
}

std::string wafer::textOf(const PublishedTable &table, const Machine &machine) {
  constexpr size_t kCell = 18;
  size_t name = 0, published = 9;
  for (const PublishedRow &row : table.rows) {
    name = std::max(name, row.name.size());
    published = std::max(published, publishedCell(row).size());
  }
  std::string text = table.title + "\n  " + padded("", name) + "  " +
                     padded("published", published, true);
  for (const ParameterSet &set : machine.parameterSets) {
    text += "  " + padded(set.name, kCell, true);
  }
  text += "\n";
  for (const PublishedRow &row : table.rows) {
    text += "  " + padded(row.name, name) + "  " +
            padded(publishedCell(row), published, true);
    for (size_t set = 0; set < row.ours.size(); ++set) {
      text += "  " + padded(cellOf(row, set), kCell, true);
    }
    text += "\n";
  }
  return text + "  " + table.source + "\n  " + table.note + "\n";
}

std::string wafer::markdownOf(const PublishedTable &table,
                              const Machine &machine) {
  std::string text =
      fmt::format("### {}\n{}. {} In brackets: ours / published.\n\n| | "
                  "published |",
                  table.title, table.source, table.note);
  std::string line = "|---|---:|";
  for (const ParameterSet &set : machine.parameterSets) {
    text += fmt::format(" {} |", set.name);
    line += "---:|";
  }
  text += "\n" + line + "\n";
  for (const PublishedRow &row : table.rows) {
    text += fmt::format("| {} | {} |", row.name, publishedCell(row));
    for (size_t set = 0; set < row.ours.size(); ++set) {
      text += fmt::format(" {} |", cellOf(row, set));
    }
    text += "\n";
  }
  return text;
}

//===----------------------------------------------------------------------===//
// SVG
//===----------------------------------------------------------------------===//

std::string wafer::svgOf(const PublishedTable &table, const Machine &machine) {
  constexpr const char *kColors[] = {"#9a9a9a", "#1f5fa8", "#3d94d9", "#8cc4ee",
                                     "#c9e3f7"};
  constexpr int kLeft = 190, kBars = 420, kRight = 110, kBar = 13, kGap = 12,
                kTop = 62;
  size_t sets = machine.parameterSets.size();
  int rowHeight = int(sets + 1) * kBar + kGap;
  int height = kTop + rowHeight * int(table.rows.size()) + 12;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" "
      "font-family=\"sans-serif\" font-size=\"11\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
      "<text x=\"12\" y=\"20\" font-size=\"14\">{} ({})</text>\n",
      kLeft + kBars + kRight, height, escapeXml(table.title),
      escapeXml(machine.name));
  auto color = [&](size_t series) {
    return kColors[std::min(series, std::size(kColors) - 1)];
  };
  int x = 12;
  for (size_t series = 0; series <= sets; ++series) {
    std::string name =
        series == 0 ? "published" : machine.parameterSets[series - 1].name;
    svg += fmt::format("<rect x=\"{}\" y=\"33\" width=\"11\" height=\"11\" "
                       "fill=\"{}\"/><text x=\"{}\" y=\"43\">{}</text>\n",
                       x, color(series), x + 16, escapeXml(name));
    x += 36 + 7 * int(name.size());
  }
  int y = kTop;
  for (const PublishedRow &row : table.rows) {
    // Rows differ by orders of magnitude: each has a scale of its own.
    double most = row.published;
    for (const std::optional<double> &value : row.ours) {
      most = std::max(most, value.value_or(0));
    }
    svg +=
        fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n",
                    kLeft - 8, y + rowHeight / 2 - 2, escapeXml(row.name));
    for (size_t series = 0; series <= sets; ++series) {
      std::optional<double> value =
          series == 0 ? row.published : row.ours[series - 1];
      if (value) {
        double width = most > 0 ? kBars * *value / most : 0;
        svg += fmt::format(
            "<rect x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" "
            "fill=\"{}\"/><text x=\"{:.1f}\" y=\"{}\" font-size=\"10\">{}"
            "</text>\n",
            kLeft, y, width, kBar - 2, color(series), kLeft + width + 5,
            y + kBar - 4,
            series == 0 ? grouped(*value) : cellOf(row, series - 1));
      }
      y += kBar;
    }
    y += kGap;
  }
  return svg + "</svg>\n";
}
