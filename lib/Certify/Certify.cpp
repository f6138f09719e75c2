// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Certify/Certify.h"
#include "Rendezvous.h"

#include <memory>

using namespace wafer;
using namespace wafer::certifier;

namespace {

/// More moves than these in a period are looked at with loops folded.
constexpr uint64_t kMovesToUnfold = 2'000'000;

class Certifier {
public:
  Certifier(const Image &image, const Machine &machine)
      : image(image), machine(machine), channels(image, machine) {}

  Certificate run();

private:
  void castRole(uint32_t roleIndex);
  bool castKinds(uint32_t roleIndex, const CodeShape &shape,
                 std::set<uint32_t> &demanded);
  bool runAll(bool folded, bool prefix);

  const Image &image;
  const Machine &machine;
  Channels channels;
  Vocabulary vocabulary;
  Cast cast;
  Certificate result;
};

} // namespace

/// One round: tells the cores of a role apart by the parameters in `demanded`.
/// False if more parameters are asked for; they are added.
bool Certifier::castKinds(uint32_t roleIndex, const CodeShape &shape,
                          std::set<uint32_t> &demanded) {
  const Role &role = image.roles[roleIndex];
  std::map<std::vector<uint32_t>, uint32_t> kinds;
  size_t firstSkeleton = cast.skeletons.size();
  size_t before = demanded.size();
  for (uint32_t r = 0; r < image.regions.size(); ++r) {
    const Region &region = image.regions[r];
    if (region.role != roleIndex) {
      continue;
    }
    std::vector<uint32_t> key(demanded.size() + 2);
    uint32_t last = kNobody;
    std::vector<uint32_t> lastKey;
    for (int32_t y = region.rect.y; y < region.rect.endY(); ++y) {
      for (int32_t x = region.rect.x; x < region.rect.endX(); ++x) {
        uint32_t cell = channels.cellOf({x, y});
        size_t k = 2;
        key[0] = key[1] = 0;
        for (unsigned q = 0; q < kQueues; ++q) {
          key[0] |= uint32_t(channels.into(cell, q) == kHost) << q;
          key[1] |= uint32_t(channels.outOf(cell, q) == kHost) << q;
        }
        for (uint32_t p : demanded) {
          key[k++] = Image::paramAt(region, role.params[p], {x, y});
        }
        if (key != lastKey) {
          auto [at, isNew] =
              kinds.emplace(key, uint32_t(cast.skeletons.size()));
          last = at->second;
          lastKey = key;
          if (isNew) {
            CoreKind kind;
            kind.hostInputs = key[0];
            kind.hostOutputs = key[1];
            k = 2;
            for (uint32_t p : demanded) {
              kind.params[p] = uint16_t(key[k++]);
            }
            cast.skeletons.push_back(findSkeleton(role, roleIndex, shape, kind,
                                                  machine, vocabulary));
            const std::set<uint32_t> &more = cast.skeletons.back().demanded;
            if (!more.empty()) {
              demanded.insert(more.begin(), more.end());
              cast.skeletons.resize(firstSkeleton);
              return demanded.size() == before;
            }
            if (!cast.skeletons.back().refusal.empty()) {
              result.reason = cast.skeletons.back().refusal;
              return true;
            }
          }
        }
        cast.skeletonOf[cell] = last;
      }
    }
  }
  return true;
}

void Certifier::castRole(uint32_t roleIndex) {
  CodeShape shape(image.roles[roleIndex]);
  std::set<uint32_t> demanded;
  while (!castKinds(roleIndex, shape, demanded)) {
  }
}

bool Certifier::runAll(bool folded, bool prefix) {
  std::vector<std::vector<Step>> programs;
  for (const Skeleton &s : cast.skeletons) {
    std::vector<Step> steps = prefix ? s.prefix : std::vector<Step>();
    steps.insert(steps.end(), s.period.begin(), s.period.end());
    programs.push_back(folded ? foldLoops(steps) : movesOf(steps));
  }
  Rendezvous rendezvous(channels, cast, vocabulary);
  if (!rendezvous.run(programs)) {
    result.verdict = Certificate::Verdict::Stuck;
    result.reason = rendezvous.reason;
    return false;
  }
  result.messages = rendezvous.messages;
  return true;
}

Certificate Certifier::run() {
  if (!channels.refusal.empty()) {
    result.reason = channels.refusal;
    return result;
  }
  cast.skeletonOf.assign(channels.cells(), kNobody);
  for (uint32_t r = 0; r < image.roles.size(); ++r) {
    castRole(r);
    if (!result.reason.empty()) {
      return result;
    }
  }
  result.classes = cast.skeletons.size();
  std::vector<uint64_t> cores(cast.skeletons.size());
  for (uint32_t s : cast.skeletonOf) {
    if (s != kNobody) {
      ++cores[s];
    }
  }
  uint64_t moves = 0;
  bool hasPrefix = false;
  for (size_t s = 0; s < cores.size(); ++s) {
    moves += cores[s] * (cast.skeletons[s].prefix.size() +
                         cast.skeletons[s].period.size());
    hasPrefix |= !movesOf(cast.skeletons[s].prefix).empty();
  }
  bool folded = moves > kMovesToUnfold;
  if ((hasPrefix && !runAll(folded, true)) || !runAll(folded, false)) {
    return result;
  }
  result.verdict = Certificate::Verdict::Safe;
  return result;
}

Certificate wafer::certify(const Image &image, const Machine &machine) {
  return Certifier(image, machine).run();
}
