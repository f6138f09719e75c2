// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Json.h"

#include <cmath>
#include <fmt/format.h>

using namespace wafer;

JsonObject::JsonObject(const Json &object, std::string where, std::string path)
    : object(&object), where(std::move(where)), path(std::move(path)) {
  if (!object.is_object()) {
    std::string what = this->path.empty()
                           ? "the file is no JSON object"
                           : fmt::format("bad value of '{}'", this->path);
    fail({what, this->where, "an object", describeJson(object), ""});
  }
}

std::string JsonObject::quoted(const char *key) const {
  return path.empty() ? fmt::format("'{}'", key)
                      : fmt::format("'{}.{}'", path, key);
}

const Json *JsonObject::find(const char *key) const {
  if (!object->is_object()) {
    return nullptr;
  }
  auto it = object->find(key);
  return it == object->end() || it->is_null() ? nullptr : &*it;
}

const Json *JsonObject::require(const char *key) {
  const Json *value = find(key);
  if (!value) {
    fail({fmt::format("key {} is missing", quoted(key)), where, "", "", ""});
  }
  return value;
}

uint64_t JsonObject::count(const char *key, uint64_t least, uint64_t most) {
  return require(key) ? countOr(key, least, least, most) : least;
}

uint64_t JsonObject::countOr(const char *key, uint64_t absent, uint64_t least,
                             uint64_t most) {
  const Json *value = find(key);
  if (!value) {
    return absent;
  }
  if (value->is_number_unsigned()) {
    uint64_t number = value->get<uint64_t>();
    if (number >= least && number <= most) {
      return number;
    }
  }
  reject(key, fmt::format("a whole number from {} to {}", least, most));
  return absent;
}

double JsonObject::number(const char *key, double least, double most) {
  return require(key) ? numberOr(key, least, least, most) : least;
}

double JsonObject::numberOr(const char *key, double absent, double least,
                            double most) {
  const Json *value = find(key);
  if (!value) {
    return absent;
  }
  if (value->is_number()) {
    double number = value->get<double>();
    if (std::isfinite(number) && number >= least && number <= most) {
      return number;
    }
  }
  reject(key, fmt::format("a number from {} to {}", least, most));
  return absent;
}

bool JsonObject::flagOr(const char *key, bool absent) {
  const Json *value = find(key);
  if (!value) {
    return absent;
  }
  if (!value->is_boolean()) {
    reject(key, "true or false");
    return absent;
  }
  return value->get<bool>();
}

std::string JsonObject::text(const char *key) {
  return require(key) ? textOr(key, "") : "";
}

std::string JsonObject::textOr(const char *key, const std::string &absent) {
  const Json *value = find(key);
  if (!value) {
    return absent;
  }
  if (!value->is_string()) {
    reject(key, "a string");
    return absent;
  }
  return value->get<std::string>();
}

void JsonObject::reject(const char *key, const std::string &expected,
                        const std::string &hint) {
  const Json *value = find(key);
  fail({"bad value of " + quoted(key), where, expected,
        value ? describeJson(*value) : "nothing", hint});
}

void JsonObject::fail(Diagnostic error) {
  if (!firstError) {
    firstError = std::move(error);
  }
}

Status JsonObject::status() const {
  return firstError ? Status(*firstError) : Status::success();
}
