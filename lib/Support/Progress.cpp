// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Support/Progress.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

using namespace wafer;

static constexpr std::chrono::milliseconds kRedrawInterval(100);

/// "dumb" terminals cannot return to the start of a line.
static bool standardErrorIsTerminal() {
  const char *terminal = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) &&
         !(terminal && std::strcmp(terminal, "dumb") == 0);
}

Progress::Progress(std::string label, uint64_t total)
    : label(std::move(label)), total(total), active(standardErrorIsTerminal()),
      next(std::chrono::steady_clock::now() + kRedrawInterval) {}

Progress::~Progress() {
  if (drawn) {
    std::fputs("\r\033[K", stderr);
  }
}

void Progress::update(uint64_t done, const std::string &note) {
  if (!active) {
    return;
  }
  auto now = std::chrono::steady_clock::now();
  if (now < next) {
    return;
  }
  next = now + kRedrawInterval;
  std::fprintf(stderr, "\r\033[K%s", format(label, done, total, note).c_str());
  std::fflush(stderr);
  drawn = true;
}

std::string Progress::format(const std::string &label, uint64_t done,
                             uint64_t total, const std::string &note) {
  std::string behind = note.empty() ? "" : "  " + note;
  if (total == 0) {
    return label + " " + std::to_string(done) + behind;
  }
  constexpr unsigned kCells = 30;
  double share = std::min(1.0, double(done) / double(total));
  auto filled = unsigned(share * kCells);
  return label + " [" + std::string(filled, '=') +
         std::string(kCells - filled, ' ') + "] " +
         std::to_string(unsigned(share * 100)) + " %" + behind;
}
