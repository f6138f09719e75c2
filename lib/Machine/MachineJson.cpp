// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- MachineJson.cpp - Machine files ------------------------------------===//
//
// Reads and writes the JSON form of a machine. A leaf is a value or
// {"value": V, "source": "citation"}; any object may have a "source" of its
// own, which holds for the leaves inside that have none. Pointers in errors
// and in Machine::sources name the leaf, not the "value" inside.
//
//===----------------------------------------------------------------------===//
#include "MachineFields.h"
#include "wafer/Support/Json.h"

#include <set>

using namespace wafer;
using nlohmann::json;

static bool isSourcedLeaf(const json &node) {
  return node.is_object() && node.contains("value");
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

namespace {

class Reader : public MachineVisitor {
public:
  Reader(const json &root, std::string where,
         std::map<std::string, std::string> &sources)
      : where(std::move(where)), sources(sources) {
    push(root, "");
  }

  /// The error, if there was one; finds keys that nothing asked for.
  Status finish() {
    leave();
    return problem ? Status(*problem) : Status::success();
  }

  void text(const char *key, std::string &member, Presence presence) override;
  void number(const char *key, uint32_t &member, Bounds bounds,
              Presence presence) override {
    readNumber(key, member, bounds, presence);
  }
  void number(const char *key, int32_t &member, Bounds bounds,
              Presence presence) override {
    readNumber(key, member, bounds, presence);
  }
  void real(const char *key, double &member, double max, bool zero,
            Presence presence) override;
  void flag(const char *key, bool &member) override;
  void tuple(const char *key, std::initializer_list<int32_t *> members,
             Bounds bounds) override;
  void numbers(const char *key, std::vector<uint32_t> &member, Bounds bounds,
               size_t maxCount) override;
  void bits(const char *key, uint32_t &mask) override;
  void
  names(const char *key,
        std::initializer_list<std::pair<const char *, bool *>> flags) override;
  void lanes(const char *key,
             std::map<std::string, uint32_t, std::less<>> &member,
             Bounds bounds) override;
  bool enter(const char *key, Presence presence) override;
  void leave() override;
  void enterSets(const char *key, std::vector<ParameterSet> &sets) override;
  void enterItem(size_t index) override;

private:
  struct Level {
    const json *node;
    std::string pointer;
    std::set<std::string, std::less<>> known;
  };

  void push(const json &node, std::string pointer) {
    levels.push_back({&node, std::move(pointer), {}});
  }
  std::string pointerTo(std::string_view key) const {
    return levels.back().pointer + "/" + jsonPointerToken(key);
  }
  std::string place(const std::string &pointer) const {
    return placeInFile(where, pointer);
  }
  void fail(Diagnostic error) {
    if (!problem) {
      problem = std::move(error);
    }
  }
  void wrongType(const std::string &pointer, const std::string &expected,
                 const json &found) {
    fail({"value has the wrong type", place(pointer), expected,
          describeJson(found), ""});
  }
  /// The member `key` of the current object, whatever it is; nullptr after an
  /// error or where it is absent (an error if it is required).
  const json *find(const char *key, Presence presence);
  /// The value of the leaf `key`; its source is recorded.
  const json *leaf(const char *key, Presence presence);
  const json *unwrap(const json &node, const std::string &pointer);
  void recordSource(const json &node, const std::string &pointer);
  bool integer(const json &value, const std::string &pointer, Bounds bounds,
               uint64_t &result);
  template <typename T>
  void readNumber(const char *key, T &member, Bounds bounds,
                  Presence presence) {
    const json *value = leaf(key, presence);
    uint64_t result = 0;
    if (value && integer(*value, pointerTo(key), bounds, result)) {
      member = T(result);
    }
  }

  std::string where;
  std::map<std::string, std::string> &sources;
  std::vector<Level> levels;
  std::optional<Diagnostic> problem;
  /// What stands for a member after an error.
  const json nothing;
};

} // namespace

const json *Reader::find(const char *key, Presence presence) {
  if (problem) {
    return nullptr;
  }
  Level &level = levels.back();
  level.known.insert(key);
  auto it = level.node->find(key);
  if (it != level.node->end()) {
    return &*it;
  }
  if (presence == Presence::Required) {
    fail({"key '" + std::string(key) + "' is missing", place(level.pointer), "",
          "", "docs/machine/machine-files.md describes the keys"});
  }
  return nullptr;
}

void Reader::recordSource(const json &node, const std::string &pointer) {
  auto it = node.find("source");
  if (it == node.end()) {
    return;
  }
  if (!it->is_string()) {
    wrongType(pointer + "/source", "a string", *it);
    return;
  }
  sources[pointer] = it->get<std::string>();
}

const json *Reader::unwrap(const json &node, const std::string &pointer) {
  if (!isSourcedLeaf(node)) {
    return &node;
  }
  for (const auto &item : node.items()) {
    if (item.key() != "value" && item.key() != "source") {
      fail({"unknown key '" + item.key() + "'", place(pointer),
            "'value' and 'source'", "", ""});
      return nullptr;
    }
  }
  recordSource(node, pointer);
  return problem ? nullptr : &node["value"];
}

const json *Reader::leaf(const char *key, Presence presence) {
  const json *node = find(key, presence);
  return node ? unwrap(*node, pointerTo(key)) : nullptr;
}

bool Reader::integer(const json &value, const std::string &pointer,
                     Bounds bounds, uint64_t &result) {
  if (!value.is_number()) {
    wrongType(pointer,
              "an integer from " + std::to_string(bounds.min) + " to " +
                  std::to_string(bounds.max),
              value);
    return false;
  }
  // Fractions, negative numbers and what exceeds 64 bits are not unsigned.
  if (!value.is_number_unsigned() || value.get<uint64_t>() < bounds.min ||
      value.get<uint64_t>() > bounds.max) {
    fail(outOfBounds(place(pointer), bounds, value.dump()));
    return false;
  }
  result = value.get<uint64_t>();
  return true;
}

void Reader::text(const char *key, std::string &member, Presence presence) {
  const json *value = leaf(key, presence);
  if (!value) {
    return;
  }
  if (!value->is_string()) {
    wrongType(pointerTo(key), "a string", *value);
    return;
  }
  member = value->get<std::string>();
}

void Reader::real(const char *key, double &member, double max, bool zero,
                  Presence presence) {
  const json *value = leaf(key, presence);
  if (!value) {
    return;
  }
  if (!value->is_number()) {
    wrongType(pointerTo(key), "a number", *value);
    return;
  }
  member = value->get<double>();
}

void Reader::flag(const char *key, bool &member) {
  const json *value = leaf(key, Presence::Required);
  if (!value) {
    return;
  }
  if (!value->is_boolean()) {
    wrongType(pointerTo(key), "true or false", *value);
    return;
  }
  member = value->get<bool>();
}

void Reader::tuple(const char *key, std::initializer_list<int32_t *> members,
                   Bounds bounds) {
  const json *value = leaf(key, Presence::Required);
  if (!value) {
    return;
  }
  if (!value->is_array() || value->size() != members.size()) {
    wrongType(pointerTo(key),
              "an array of " + std::to_string(members.size()) + " integers",
              *value);
    return;
  }
  size_t i = 0;
  for (int32_t *member : members) {
    uint64_t result = 0;
    if (!integer((*value)[i], pointerTo(key) + "/" + std::to_string(i), bounds,
                 result)) {
      return;
    }
    *member = int32_t(result);
    ++i;
  }
}

void Reader::numbers(const char *key, std::vector<uint32_t> &member,
                     Bounds bounds, size_t maxCount) {
  const json *value = leaf(key, Presence::Required);
  if (!value) {
    return;
  }
  if (!value->is_array() || value->empty() || value->size() > maxCount) {
    wrongType(pointerTo(key),
              "an array of 1 to " + std::to_string(maxCount) + " integers",
              *value);
    return;
  }
  member.clear();
  for (size_t i = 0; i < value->size(); ++i) {
    uint64_t result = 0;
    if (!integer((*value)[i], pointerTo(key) + "/" + std::to_string(i), bounds,
                 result)) {
      return;
    }
    member.push_back(uint32_t(result));
  }
}

void Reader::bits(const char *key, uint32_t &mask) {
  const json *value = leaf(key, Presence::Optional);
  if (!value) {
    return;
  }
  if (!value->is_array()) {
    wrongType(pointerTo(key), "an array of integers", *value);
    return;
  }
  mask = 0;
  for (size_t i = 0; i < value->size(); ++i) {
    std::string pointer = pointerTo(key) + "/" + std::to_string(i);
    uint64_t bit = 0;
    if (!integer((*value)[i], pointer, {0, 31}, bit)) {
      return;
    }
    if ((mask >> bit) & 1u) {
      fail({"number " + std::to_string(bit) + " stands twice in the list",
            place(pointer), "", "", ""});
      return;
    }
    mask |= 1u << bit;
  }
}

void Reader::names(
    const char *key,
    std::initializer_list<std::pair<const char *, bool *>> flags) {
  const json *value = leaf(key, Presence::Required);
  if (!value) {
    return;
  }
  if (!value->is_array()) {
    wrongType(pointerTo(key), "an array of names", *value);
    return;
  }
  for (auto [name, set] : flags) {
    *set = false;
  }
  for (size_t i = 0; i < value->size(); ++i) {
    const json &item = (*value)[i];
    bool found = false;
    std::string known;
    for (auto [name, set] : flags) {
      known += (known.empty() ? "'" : ", '") + std::string(name) + "'";
      if (item.is_string() && item.get_ref<const std::string &>() == name) {
        *set = found = true;
      }
    }
    if (!found) {
      fail({"unknown name", place(pointerTo(key) + "/" + std::to_string(i)),
            "one of " + known, describeJson(item), ""});
      return;
    }
  }
}

void Reader::lanes(const char *key,
                   std::map<std::string, uint32_t, std::less<>> &member,
                   Bounds bounds) {
  if (!enter(key, Presence::Optional)) {
    return;
  }
  member.clear();
  for (const auto &item : levels.back().node->items()) {
    if (item.key() == "source") {
      continue;
    }
    readNumber(item.key().c_str(), member[item.key()], bounds,
               Presence::Required);
  }
  leave();
}

bool Reader::enter(const char *key, Presence presence) {
  const json *node = find(key, presence);
  if (!node) {
    return false;
  }
  std::string pointer = pointerTo(key);
  if (!node->is_object()) {
    wrongType(pointer, "an object", *node);
    return false;
  }
  recordSource(*node, pointer);
  push(*node, std::move(pointer));
  return true;
}

void Reader::leave() {
  Level level = std::move(levels.back());
  levels.pop_back();
  if (problem || !level.node->is_object()) {
    return;
  }
  for (const auto &item : level.node->items()) {
    if (item.key() == "source" || level.known.count(item.key())) {
      continue;
    }
    std::string known;
    for (const std::string &name : level.known) {
      known += (known.empty() ? "'" : ", '") + name + "'";
    }
    fail({"unknown key '" + item.key() + "'", place(level.pointer), "", "",
          "known keys are " + known});
    return;
  }
}

void Reader::enterSets(const char *key, std::vector<ParameterSet> &sets) {
  static constexpr size_t kMaxSets = 16;
  const json *node = find(key, Presence::Required);
  std::string pointer = pointerTo(key);
  sets.clear();
  if (node && (!node->is_array() || node->empty() || node->size() > kMaxSets)) {
    wrongType(pointer,
              "an array of 1 to " + std::to_string(kMaxSets) + " objects",
              *node);
    node = nullptr;
  }
  push(node ? *node : nothing, std::move(pointer));
  sets.resize(node ? node->size() : 0);
}

void Reader::enterItem(size_t index) {
  const json &node = (*levels.back().node)[index];
  std::string pointer = levels.back().pointer + "/" + std::to_string(index);
  if (!node.is_object()) {
    wrongType(pointer, "an object", node);
    push(nothing, std::move(pointer));
    return;
  }
  if (!problem) {
    recordSource(node, pointer);
  }
  push(node, std::move(pointer));
}

//===----------------------------------------------------------------------===//
// Bases
//===----------------------------------------------------------------------===//

/// A leaf that replaces one of the base loses the base's citation, also where
/// that stands on the object around it.
static json ownLeaf(const json &node, const std::string &baseName) {
  if (node.is_object()) {
    return node;
  }
  return {{"value", node},
          {"source", "set by this file, which is based on " + baseName}};
}

/// Keys that are the file's own and no figures.
static bool isOwnText(const std::string &key) {
  return key == "name" || key == "description" || key == "source" ||
         key == "parameterSets";
}

/// Lays `changes` over `base`: objects are merged, everything else replaced.
static void layOver(json &base, const json &changes,
                    const std::string &baseName) {
  for (const auto &item : changes.items()) {
    json &target = base[item.key()];
    bool targetIsSection = target.is_object() && !isSourcedLeaf(target);
    bool changeIsSection =
        item.value().is_object() && !isSourcedLeaf(item.value());
    if (targetIsSection && changeIsSection) {
      layOver(target, item.value(), baseName);
    } else if (targetIsSection || isOwnText(item.key())) {
      target = item.value();
    } else {
      target = ownLeaf(item.value(), baseName);
    }
  }
}

/// Replaces a file that names a shipped machine as its base by the whole.
static Status resolveBase(json &root, const std::string &where) {
  auto it = root.find("base");
  if (it == root.end()) {
    return Status::success();
  }
  std::string place = placeInFile(where, "/base");
  if (!it->is_string()) {
    return Diagnostic{"value has the wrong type", place, "a string",
                      describeJson(*it), ""};
  }
  std::string baseName = it->get<std::string>();
  std::string names;
  bool shipped = false;
  for (const std::string &name : Machine::shippedNames()) {
    names += (names.empty() ? "" : ", ") + name;
    shipped |= name == baseName;
  }
  if (!shipped) {
    return Diagnostic{"unknown base machine '" + baseName + "'", place, "", "",
                      "shipped machines are " + names};
  }
  Result<Machine> base = Machine::load(baseName);
  if (!base) {
    return base.takeError();
  }
  Result<json> whole = parseJson(base->toJson(), baseName);
  if (!whole) {
    return whole.takeError();
  }
  root.erase("base");
  // Texts that describe the base do not describe the new machine.
  whole->erase("name");
  whole->erase("description");
  layOver(*whole, root, baseName);
  root = std::move(*whole);
  return Status::success();
}

Result<Machine> Machine::fromJson(std::string_view text,
                                  const std::string &where) {
  Result<json> root = parseJson(text, where);
  if (!root) {
    return root.takeError();
  }
  if (!root->is_object()) {
    return Diagnostic{"value has the wrong type", where, "an object",
                      describeJson(*root), ""};
  }
  if (Status status = resolveBase(*root, where); !status) {
    return status.takeError();
  }
  Machine machine;
  Reader reader(*root, where, machine.sources);
  visitMachine(machine, reader);
  if (Status status = reader.finish(); !status) {
    return status.takeError();
  }
  if (Status status = machine.check(where); !status) {
    return status.takeError();
  }
  return machine;
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

namespace {

class Writer : public MachineVisitor {
public:
  explicit Writer(const std::map<std::string, std::string> &sources)
      : sources(sources) {
    levels.push_back({json::object(), "", ""});
  }
  json take() { return std::move(levels.front().node); }

  void text(const char *key, std::string &member, Presence) override {
    put(key, member);
  }
  void number(const char *key, uint32_t &member, Bounds, Presence) override {
    put(key, member);
  }
  void number(const char *key, int32_t &member, Bounds, Presence) override {
    put(key, member);
  }
  void real(const char *key, double &member, double, bool, Presence) override {
    put(key, member);
  }
  void flag(const char *key, bool &member) override { put(key, member); }
  void tuple(const char *key, std::initializer_list<int32_t *> members,
             Bounds) override {
    json list = json::array();
    for (const int32_t *member : members) {
      list.push_back(*member);
    }
    put(key, std::move(list));
  }
  void numbers(const char *key, std::vector<uint32_t> &member, Bounds,
               size_t) override {
    put(key, member);
  }
  void bits(const char *key, uint32_t &mask) override {
    json list = json::array();
    for (unsigned bit = 0; bit < 32; ++bit) {
      if ((mask >> bit) & 1u) {
        list.push_back(bit);
      }
    }
    put(key, std::move(list));
  }
  void
  names(const char *key,
        std::initializer_list<std::pair<const char *, bool *>> flags) override {
    json list = json::array();
    for (auto [name, set] : flags) {
      if (*set) {
        list.push_back(name);
      }
    }
    put(key, std::move(list));
  }
  void lanes(const char *key,
             std::map<std::string, uint32_t, std::less<>> &member,
             Bounds) override {
    enter(key, Presence::Required);
    for (const auto &[name, count] : member) {
      put(name.c_str(), count);
    }
    leave();
  }
  bool enter(const char *key, Presence) override {
    std::string pointer = levels.back().pointer + "/" + jsonPointerToken(key);
    levels.push_back({json::object(), std::move(pointer), key});
    return true;
  }
  void leave() override {
    Level level = std::move(levels.back());
    levels.pop_back();
    if (auto it = sources.find(level.pointer);
        it != sources.end() && level.node.is_object()) {
      level.node["source"] = it->second;
    }
    json &parent = levels.back().node;
    if (parent.is_array()) {
      parent.push_back(std::move(level.node));
    } else {
      parent[level.key] = std::move(level.node);
    }
  }
  void enterSets(const char *key, std::vector<ParameterSet> &) override {
    enter(key, Presence::Required);
    levels.back().node = json::array();
  }
  void enterItem(size_t index) override {
    enter(std::to_string(index).c_str(), Presence::Required);
  }

private:
  struct Level {
    json node;
    std::string pointer;
    std::string key;
  };

  void put(const char *key, json value) {
    auto it = sources.find(levels.back().pointer + "/" + jsonPointerToken(key));
    if (it != sources.end()) {
      value = {{"value", std::move(value)}, {"source", it->second}};
    }
    levels.back().node[key] = std::move(value);
  }

  const std::map<std::string, std::string> &sources;
  std::vector<Level> levels;
};

} // namespace

std::string Machine::toJson() const {
  Machine copy = *this; // visitors take members that can be changed
  Writer writer(sources);
  visitMachine(copy, writer);
  return writer.take().dump(2, ' ', false, json::error_handler_t::replace) +
         "\n";
}
