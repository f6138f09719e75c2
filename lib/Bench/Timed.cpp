// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Bench/Programs.h"
#include "wafer/Support/Json.h"

using namespace wafer;
using nlohmann::json;

static constexpr const char *kWhere = "field 'timed' of the model";

std::optional<uint32_t> wafer::bufferOffset(const Role &role,
                                            const std::string &name) {
  for (const Buffer &buffer : role.buffers) {
    if (buffer.name == name) {
      return buffer.offset;
    }
  }
  return std::nullopt;
}

static bool isCoordinate(const json &value) {
  return value.is_number_unsigned() && value.get<uint64_t>() <= 0xffff;
}

/// The clock reading that an object {"core": [x, y], "address": a} names.
static Result<uint32_t> readClock(Engine &engine, const json &place) {
  if (!place.is_object() || !place.contains("core") ||
      !place.contains("address") || !place["core"].is_array() ||
      place["core"].size() != 2 || !isCoordinate(place["core"][0]) ||
      !isCoordinate(place["core"][1]) || !isCoordinate(place["address"])) {
    return Diagnostic{"bad place of a clock reading", kWhere,
                      "{\"core\": [x, y], \"address\": bytes}", place.dump(),
                      ""};
  }
  Coord core{place["core"][0].get<int32_t>(), place["core"][1].get<int32_t>()};
  uint32_t clock = 0;
  Status status =
      engine.peek(core, place["address"].get<uint32_t>(), &clock, 4);
  if (!status) {
    return status.takeError();
  }
  return clock;
}

Result<std::optional<uint64_t>>
wafer::readTimedCycles(Engine &engine, const Image &image,
                       const ParameterSet &costs) {
  if (image.model.empty()) {
    return std::optional<uint64_t>();
  }
  Result<json> parsed = parseJson(image.model, "model of the image");
  if (!parsed) {
    return parsed.takeError();
  }
  if (!parsed->is_object() || !parsed->contains("timed")) {
    return std::optional<uint64_t>();
  }
  const json &timed = (*parsed)["timed"];
  if (!timed.is_object() || !timed.contains("stop")) {
    return Diagnostic{"no place of the last clock reading", kWhere, "", "", ""};
  }
  Result<uint32_t> stop = readClock(engine, timed["stop"]);
  if (!stop || !timed.contains("start")) {
    return stop ? Result<std::optional<uint64_t>>(uint64_t(*stop))
                : stop.takeError();
  }
  Result<uint32_t> start = readClock(engine, timed["start"]);
  if (!start) {
    return start.takeError();
  }
  return std::optional<uint64_t>(*stop - *start -
                                 std::max(1u, costs.readClock));
}
