// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Skeleton.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::certifier;

std::vector<Step> wafer::certifier::movesOf(const std::vector<Step> &steps) {
  std::vector<Step> moves;
  for (const Step &s : steps) {
    if (s.kind == Step::Kind::Move) {
      moves.push_back(s);
    }
  }
  return moves;
}

/// Equal but for what is known of the words.
static bool isLike(const Step &a, const Step &b) {
  Step other = b;
  other.sent = a.sent;
  other.received = a.received;
  return a == other;
}

/// What all rounds say of the words that are moved, in the first one.
static void keepCommon(std::vector<std::vector<Step>> &rounds) {
  for (const std::vector<Step> &round : rounds) {
    for (size_t i = 0; i < round.size(); ++i) {
      Step &step = rounds.front()[i];
      step.sent = round[i].sent == step.sent ? step.sent : 0;
      step.received = round[i].received == step.received ? step.received : 0;
    }
  }
}

static std::vector<Step> fold(const std::vector<Step> &steps, size_t begin,
                              size_t end, const std::set<uint32_t> &except) {
  std::vector<Step> result;
  for (size_t i = begin; i < end; ++i) {
    if (steps[i].kind == Step::Kind::Move) {
      result.push_back(steps[i]);
    }
    if (steps[i].kind != Step::Kind::Enter) {
      continue;
    }
    // The rounds end at marks of this loop outside of inner ones of it.
    std::vector<size_t> cuts = {i};
    size_t exit = end;
    unsigned depth = 0;
    for (size_t k = i + 1; k < end && exit == end; ++k) {
      const Step &s = steps[k];
      if (s.at != steps[i].at || s.kind == Step::Kind::Move) {
        continue;
      }
      if (s.kind == Step::Kind::Enter) {
        ++depth;
      } else if (s.kind == Step::Kind::Exit && depth) {
        --depth;
      } else if (s.kind == Step::Kind::Exit) {
        exit = k;
      } else if (!depth) {
        cuts.push_back(k);
      }
    }
    if (exit == end) {
      continue; // left in another way: the moves stay as they are
    }
    cuts.push_back(exit);
    std::vector<std::vector<Step>> rounds;
    bool equal = true;
    for (size_t c = 0; c + 1 < cuts.size(); ++c) {
      rounds.push_back(fold(steps, cuts[c] + 1, cuts[c + 1], except));
      equal &= rounds.back().size() == rounds.front().size() &&
               std::equal(rounds.back().begin(), rounds.back().end(),
                          rounds.front().begin(), isLike);
    }
    bool folds = equal && rounds.size() > 1 && !rounds.front().empty() &&
                 !except.count(steps[i].at);
    Step mark;
    mark.at = steps[i].at;
    mark.rounds = uint32_t(rounds.size());
    if (folds) {
      mark.kind = Step::Kind::LoopBegin;
      result.push_back(mark);
      keepCommon(rounds);
      rounds.resize(1);
    }
    for (const std::vector<Step> &round : rounds) {
      result.insert(result.end(), round.begin(), round.end());
    }
    if (folds) {
      mark.kind = Step::Kind::LoopEnd;
      result.push_back(mark);
    }
    i = exit;
  }
  return result;
}

std::vector<Step>
wafer::certifier::foldLoops(const std::vector<Step> &steps,
                            const std::set<uint32_t> &except) {
  return fold(steps, 0, steps.size(), except);
}
