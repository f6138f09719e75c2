// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "WPEAssembly.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::wpe;

//===----------------------------------------------------------------------===//
// Addresses and sizes
//===----------------------------------------------------------------------===//

/// `%v + 8`, `%v` or `8`.
static ParseResult parseByteOffset(OpAsmParser &parser, OptionalOperand &index,
                                   IntegerAttr &offset) {
  int64_t bytes = 0;
  OpAsmParser::UnresolvedOperand operand;
  OptionalParseResult hasOperand = parser.parseOptionalOperand(operand);
  if (hasOperand.has_value()) {
    if (*hasOperand) {
      return failure();
    }
    index = operand;
    if (succeeded(parser.parseOptionalPlus()) && parser.parseInteger(bytes)) {
      return failure();
    }
  } else if (parser.parseInteger(bytes)) {
    return failure();
  }
  offset = parser.getBuilder().getI64IntegerAttr(bytes);
  return success();
}

static void printByteOffset(OpAsmPrinter &printer, Value index, int64_t bytes) {
  if (index) {
    printer << index;
    if (bytes) {
      printer << " + " << bytes;
    }
  } else {
    printer << bytes;
  }
}

static int64_t valueOr0(IntegerAttr attr) { return attr ? attr.getInt() : 0; }

ParseResult wpe::parseByteAddress(OpAsmParser &parser, OptionalOperand &index,
                                  IntegerAttr &offset) {
  if (failed(parser.parseOptionalLSquare())) {
    offset = parser.getBuilder().getI64IntegerAttr(0);
    return success();
  }
  return failure(parseByteOffset(parser, index, offset) ||
                 parser.parseRSquare());
}

void wpe::printByteAddress(OpAsmPrinter &printer, Operation *, Value index,
                           IntegerAttr offset) {
  printer << '[';
  printByteOffset(printer, index, valueOr0(offset));
  printer << ']';
}

/// A number or `@param`.
static ParseResult parseSize(OpAsmParser &parser, Attribute &size) {
  int64_t number;
  OptionalParseResult isNumber = parser.parseOptionalInteger(number);
  if (isNumber.has_value()) {
    size = parser.getBuilder().getI64IntegerAttr(number);
    return *isNumber;
  }
  StringAttr name;
  if (failed(parser.parseOptionalSymbolName(name))) {
    return parser.emitError(parser.getCurrentLocation(),
                            "expected a number or the name of a parameter");
  }
  size = FlatSymbolRefAttr::get(name);
  return success();
}

static void printSize(OpAsmPrinter &printer, Attribute size) {
  printer.printAttributeWithoutType(size);
}

ParseResult wpe::parseExtent(OpAsmParser &parser, OptionalOperand &dynamic,
                             Attribute &fixed) {
  OpAsmParser::UnresolvedOperand operand;
  OptionalParseResult hasOperand = parser.parseOptionalOperand(operand);
  if (!hasOperand.has_value()) {
    return parseSize(parser, fixed);
  }
  dynamic = operand;
  return *hasOperand;
}

void wpe::printExtent(OpAsmPrinter &printer, Operation *, Value dynamic,
                      Attribute fixed) {
  if (dynamic) {
    printer << dynamic;
  } else if (fixed) {
    printSize(printer, fixed);
  }
}

static ParseResult parseOptionalSize(OpAsmParser &parser, StringRef keyword,
                                     Attribute &size) {
  if (failed(parser.parseOptionalKeyword(keyword))) {
    return success();
  }
  return failure(parser.parseLParen() || parseSize(parser, size) ||
                 parser.parseRParen());
}

ParseResult wpe::parseMemShape(OpAsmParser &parser, OptionalOperand &offset,
                               IntegerAttr &staticOffset,
                               OptionalOperand &dynamicExtent,
                               Attribute &extent, Attribute &stride,
                               Attribute &extent1, Attribute &stride1) {
  staticOffset = parser.getBuilder().getI64IntegerAttr(0);
  stride = parser.getBuilder().getI64IntegerAttr(1);
  if (succeeded(parser.parseOptionalKeyword("offset"))) {
    if (parser.parseLParen() || parseByteOffset(parser, offset, staticOffset) ||
        parser.parseRParen()) {
      return failure();
    }
  }
  return failure(parser.parseKeyword("extent") || parser.parseLParen() ||
                 parseExtent(parser, dynamicExtent, extent) ||
                 parser.parseRParen() ||
                 parseOptionalSize(parser, "stride", stride) ||
                 parseOptionalSize(parser, "extent1", extent1) ||
                 parseOptionalSize(parser, "stride1", stride1));
}

void wpe::printMemShape(OpAsmPrinter &printer, Operation *op, Value offset,
                        IntegerAttr staticOffset, Value dynamicExtent,
                        Attribute extent, Attribute stride, Attribute extent1,
                        Attribute stride1) {
  if (offset || valueOr0(staticOffset)) {
    printer << " offset(";
    printByteOffset(printer, offset, valueOr0(staticOffset));
    printer << ')';
  }
  printer << " extent(";
  printExtent(printer, op, dynamicExtent, extent);
  printer << ')';
  auto part = [&](StringRef keyword, Attribute size) {
    if (size) {
      printer << ' ' << keyword << '(';
      printSize(printer, size);
      printer << ')';
    }
  };
  part("stride", stride);
  part("extent1", extent1);
  part("stride1", stride1);
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

static constexpr int64_t kMaxTable = 65536;

static ParseResult parseRun(AsmParser &parser,
                            SmallVectorImpl<uint16_t> &values) {
  SMLoc loc = parser.getCurrentLocation();
  int64_t count = 1;
  int64_t first;
  int64_t step = 0;
  if (parser.parseInteger(first)) {
    return failure();
  }
  if (succeeded(parser.parseOptionalKeyword("x"))) {
    count = first;
    if (parser.parseInteger(first)) {
      return failure();
    }
    if (succeeded(parser.parseOptionalKeyword("step")) &&
        parser.parseInteger(step)) {
      return failure();
    }
  }
  if (count < 1 || count > kMaxTable - int64_t(values.size())) {
    return parser.emitError(loc, "expected a table of 1 to 65536 values");
  }
  for (int64_t i = 0; i < count; ++i) {
    // |step| is checked first so that the product cannot overflow.
    if (step < -65535 || step > 65535 || first < 0 || first > 65535 ||
        first + i * step < 0 || first + i * step > 65535) {
      return parser.emitError(loc, "expected values of 0 to 65535");
    }
    values.push_back(uint16_t(first + i * step));
  }
  return success();
}

ParseResult wpe::parseRuns(AsmParser &parser,
                           SmallVectorImpl<uint16_t> &values) {
  return parser.parseCommaSeparatedList(
      AsmParser::Delimiter::Square, [&] { return parseRun(parser, values); });
}

void wpe::printRuns(AsmPrinter &printer, ArrayRef<uint16_t> values) {
  printer << '[';
  for (size_t i = 0; i < values.size();) {
    // The longest run from here: equal values, or at least three in steps.
    int step = i + 1 < values.size() ? int(values[i + 1]) - int(values[i]) : 0;
    size_t end = i + 1;
    while (end < values.size() &&
           int(values[end]) - int(values[end - 1]) == step) {
      ++end;
    }
    if (step != 0 && end - i < 3) {
      step = 0;
      end = i + 1;
    }
    printer << (i ? ", " : "");
    if (end - i > 1) {
      printer << (end - i) << " x ";
    }
    printer << unsigned(values[i]);
    if (step != 0) {
      printer << " step " << step;
    }
    i = end;
  }
  printer << ']';
}

ParseResult wpe::parseRegionTables(OpAsmParser &parser, DictionaryAttr &rows,
                                   DictionaryAttr &columns,
                                   DictionaryAttr &values) {
  auto parse = [&](StringRef keyword, DictionaryAttr &result) -> ParseResult {
    NamedAttrList list;
    if (succeeded(parser.parseOptionalKeyword(keyword)) &&
        parser.parseOptionalAttrDict(list)) {
      return failure();
    }
    result = list.getDictionary(parser.getContext());
    return success();
  };
  return failure(parse("rows", rows) || parse("columns", columns) ||
                 parse("values", values));
}

void wpe::printRegionTables(OpAsmPrinter &printer, Operation *,
                            DictionaryAttr rows, DictionaryAttr columns,
                            DictionaryAttr values) {
  auto print = [&](StringRef keyword, DictionaryAttr dictionary) {
    if (!dictionary || dictionary.empty()) {
      return;
    }
    printer << ' ' << keyword << " {";
    llvm::interleaveComma(dictionary, printer, [&](NamedAttribute entry) {
      printer.printKeywordOrString(entry.getName());
      printer << " = ";
      // A plain number would lose a type other than i64.
      auto number = dyn_cast<IntegerAttr>(entry.getValue());
      if (number && number.getType().isInteger(64)) {
        printer << number.getInt();
      } else {
        printer << entry.getValue();
      }
    });
    printer << '}';
  };
  print("rows", rows);
  print("columns", columns);
  print("values", values);
}

//===----------------------------------------------------------------------===//
// Vector instructions
//===----------------------------------------------------------------------===//

Type wpe::impliedScalarType(MLIRContext *context, const OpcodeInfo &info,
                            StringRef mnemonic) {
  if (info.scalar == ScalarUse::Count) {
    return IntegerType::get(context, 32);
  }
  if (info.scalar != ScalarUse::Multiplies) {
    return {};
  }
  if (info.src1 == wafer::ElementType::F16) {
    return Float16Type::get(context);
  }
  return Float32Type::get(context);
}

namespace {
/// The operands of a vector instruction while they are parsed.
struct VectorOperands {
  SmallVector<OpAsmParser::UnresolvedOperand, 4> list;
  bool skipsSrc0 = false;
};
} // namespace

static ParseResult parseVectorOperands(OpAsmParser &parser,
                                       VectorOperands &operands) {
  return parser.parseCommaSeparatedList([&]() -> ParseResult {
    if (operands.list.size() == 1 && !operands.skipsSrc0 &&
        succeeded(parser.parseOptionalKeyword("_"))) {
      operands.skipsSrc0 = true;
      return success();
    }
    return parser.parseOperand(operands.list.emplace_back());
  });
}

/// `mnemonic %dest, %src0, %src1, %scalar : type`; fills operands and segments.
template <typename OpTy>
static ParseResult parseVector(OpAsmParser &parser, OperationState &result) {
  StringRef mnemonic;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&mnemonic)) {
    return failure();
  }
  std::optional<Opcode> opcode = parseMnemonic(std::string_view(mnemonic));
  if (!opcode || !infoOf(*opcode).isVector) {
    return parser.emitError(loc)
           << "'" << mnemonic << "' is not a vector instruction";
  }
  VectorOperands operands;
  SMLoc operandLoc = parser.getCurrentLocation();
  if (parseVectorOperands(parser, operands)) {
    return failure();
  }
  Type scalarType =
      impliedScalarType(parser.getContext(), infoOf(*opcode), mnemonic);
  if (succeeded(parser.parseOptionalColon()) && parser.parseType(scalarType)) {
    return failure();
  }
  size_t numDescriptors = operands.list.size() - (scalarType ? 1 : 0);
  size_t most = operands.skipsSrc0 ? 2 : 3;
  if (operands.list.size() < (scalarType ? 2 : 1) || numDescriptors > most) {
    return parser.emitError(
        operandLoc, "expected a destination, at most two sources and a scalar");
  }
  Type dsd = DsdType::get(parser.getContext());
  for (size_t i = 0; i < numDescriptors; ++i) {
    if (parser.resolveOperand(operands.list[i], dsd, result.operands)) {
      return failure();
    }
  }
  if (scalarType && parser.resolveOperand(operands.list.back(), scalarType,
                                          result.operands)) {
    return failure();
  }
  auto &properties = result.getOrAddProperties<typename OpTy::Properties>();
  properties.mnemonic = parser.getBuilder().getStringAttr(mnemonic);
  bool hasSrc0 = !operands.skipsSrc0 && numDescriptors > 1;
  int32_t numSources = int32_t(numDescriptors) - 1;
  properties.operandSegmentSizes = {1, int32_t(hasSrc0),
                                    numSources - int32_t(hasSrc0),
                                    int32_t(scalarType != nullptr)};
  return success();
}

template <typename OpTy>
static void printVector(OpAsmPrinter &printer, OpTy op) {
  printer << ' ' << op.getMnemonic() << ' ' << op.getDest();
  if (op.getSrc0()) {
    printer << ", " << op.getSrc0();
  } else if (op.getSrc1()) {
    printer << ", _";
  }
  if (op.getSrc1()) {
    printer << ", " << op.getSrc1();
  }
  Value scalar = op.getScalar();
  if (!scalar) {
    return;
  }
  printer << ", " << scalar;
  std::optional<Opcode> opcode =
      parseMnemonic(std::string_view(op.getMnemonic()));
  Type implied = opcode ? impliedScalarType(op.getContext(), infoOf(*opcode),
                                            op.getMnemonic())
                        : Type();
  if (implied != scalar.getType()) {
    printer << " : " << scalar.getType();
  }
}

ParseResult VecOp::parse(OpAsmParser &parser, OperationState &result) {
  return failure(parseVector<VecOp>(parser, result) ||
                 parser.parseOptionalAttrDict(result.attributes));
}

void VecOp::print(OpAsmPrinter &printer) {
  printVector(printer, *this);
  printer.printOptionalAttrDict(
      (*this)->getAttrs(),
      {getMnemonicAttrName(), getOperandSegmentSizesAttrName()});
}

ParseResult VecAsyncOp::parse(OpAsmParser &parser, OperationState &result) {
  int64_t microthread;
  if (parseVector<VecAsyncOp>(parser, result) ||
      parser.parseKeyword("microthread") || parser.parseLParen() ||
      parser.parseInteger(microthread) || parser.parseRParen()) {
    return failure();
  }
  auto &properties = result.getOrAddProperties<Properties>();
  properties.microthread = parser.getBuilder().getI64IntegerAttr(microthread);
  auto parseTask = [&](StringRef keyword,
                       FlatSymbolRefAttr &task) -> ParseResult {
    if (failed(parser.parseOptionalKeyword(keyword))) {
      return success();
    }
    StringAttr name;
    if (parser.parseLParen() || parser.parseSymbolName(name) ||
        parser.parseRParen()) {
      return failure();
    }
    task = FlatSymbolRefAttr::get(name);
    return success();
  };
  return failure(parseTask("activate", properties.activate) ||
                 parseTask("unblock", properties.unblock) ||
                 parser.parseOptionalAttrDict(result.attributes));
}

void VecAsyncOp::print(OpAsmPrinter &printer) {
  printVector(printer, *this);
  printer << " microthread(" << getMicrothread() << ')';
  if (FlatSymbolRefAttr task = getActivateAttr()) {
    printer << " activate(" << task << ')';
  }
  if (FlatSymbolRefAttr task = getUnblockAttr()) {
    printer << " unblock(" << task << ')';
  }
  printer.printOptionalAttrDict(
      (*this)->getAttrs(),
      {getMnemonicAttrName(), getOperandSegmentSizesAttrName(),
       getMicrothreadAttrName(), getActivateAttrName(), getUnblockAttrName()});
}
