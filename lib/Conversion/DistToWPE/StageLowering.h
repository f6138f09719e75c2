// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- StageLowering.h - The code of one stage body -------------*- C++ -*-===//
//
// Turns the body of a stage, one operation after the other, into the code of
// its role. Every core runs the same code; local blocks have the extent of the
// widest slice, padded with zeros (zero weights make zero results, so padding
// never reaches a result), and what differs between cores (roots of chains, the
// row that owns a position, counts of logits) is read from parameters.
//
// Order of the elements of a local block, outermost first: as in the type, but
// the two halves of rotary pairs come before the pairs (so that a rotation
// works on whole vectors), and the positions of scores come first (so that all
// heads of a position are neighbours).
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_CONVERSION_DISTTOWPE_STAGELOWERING_H
#define WAFER_LIB_CONVERSION_DISTTOWPE_STAGELOWERING_H

#include "Code.h"
#include "wafer/Conversion/HalfFunctions.h"
#include "wafer/Dist/Dist.h"
#include "wafer/Image/TokenCommand.h"
#include "wafer/Machine/Machine.h"
#include "wafer/Partition/Partition.h"

#include "llvm/ADT/MapVector.h"

namespace wafer {

/// Where the local block of a distributed value lies.
struct View {
  Place place;
  int64_t count = 0; // elements, of a token
  /// Several tokens a pass: elements from one to the next.
  int64_t stride = 0;
};

/// The bytes of a tensor in every core of the role; becomes a placement in
/// each region.
struct LocalTensor {
  std::string tensor;
  std::string buffer;
  int64_t offset = 0;
  llvm::SmallVector<int64_t> strides; // bytes, by dimension of the tensor
  int64_t layerStride = 0;            // 0: not repeated by layer
};

/// The queues that a collective uses, by the names in the role.
struct CollectiveQueues {
  std::string first, second, out;
  std::string rootParam, firstParam, secondParam;
  int64_t lines = 1;
  /// False on a line of two: nobody has a second input.
  bool hasSecond = true;
  /// On two levels.
  bool hasThird = false;
  std::string third = {}, thirdParam = {};
};

/// How an all-reduce begins and ends where it is more than a sum of a block
/// that all cores receive (StageFinish.cpp). Each may be empty.
struct ReduceEnds {
  /// The own part, not in the block but in binary16; in the order of the words.
  std::function<mlir::Value()> half;
  /// At the root: with the sum, in place of the multicast, behind it.
  Code::Body atRoot;
  std::function<void(llvm::StringRef queue)> send;
  Code::Body after;
  /// In place of receiving the block, elsewhere.
  std::function<void(llvm::StringRef queue)> receive;
};

/// The operation that is alone in using a value, if it is an Op.
template <typename Op>
Op onlyUser(mlir::Value value) {
  return value.hasOneUse() ? llvm::dyn_cast<Op>(*value.getUsers().begin())
                           : Op();
}
bool isCastToHalf(mlir::Operation *user);

class StageLowering {
public:
  /// `body` is the body of the stage; code goes to the end of `task`.
  StageLowering(Code &code, wpe::RoleOp role, mlir::SymbolTable &symbols,
                dist::StageOp stage, int64_t maxLayers, const Machine &machine,
                const ParameterSet &parameters, bool halfSums,
                int64_t requests = 1, int64_t tokens = 1,
                bool evenLayers = false);
  /// Sums that cores have in binary16 travel so, two of them a word.
  void sendInHalf() {
    halfMessages = products == ProductTypes::Mixed && !hasTokens();
  }

  CollectiveQueues rows;    // along a column
  CollectiveQueues columns; // along a row
  CollectiveQueues group;   // along a row, among the columns of a KV head
  /// Column parameters of the head: logits held, and id of the first one. Row
  /// parameter: the first logit that this row looks at.
  std::string logitCount = "logit_count", logitLow = "logit_low",
              logitHigh = "logit_high", logitSlice = "logit_slice";

  /// Emits the code of every operation up to the yield; `layer` is the number
  /// of the layer inside the stage (null in a stage without layers).
  llvm::LogicalResult lowerBody(mlir::Value layer);
  /// Binds the stage's argument to a place, before lowerBody.
  void bindArgument(const View &view) {
    views[stage.getBody().getArgument(0)] = view;
  }
  View yielded();
  /// Where a value of the body lies.
  View viewOf(mlir::Value value) { return ofToken(views.lookup(value)); }

  /// The buffer of the hidden state and the header behind it; binds the stage's
  /// argument to the former. With several `slices`, one a token of a pass, the
  /// header has a place of its own.
  View makeHidden(int64_t width, int64_t slices = 1);
  Place headerPlace() const { return header; }
  /// Several tokens a pass: how many this one has, from the header.
  mlir::Value tokensOfHeader();
  /// The words of the hidden state in a core: of one slice, else of all tokens
  /// that the header counts.
  Count hiddenWords();
  /// Header and hidden state. A pass of several tokens begins with the header,
  /// which tells how many words follow.
  void receiveHidden(llvm::StringRef queue);
  void sendHidden(llvm::StringRef queue);
  /// A word of the header, as an integer.
  mlir::Value headerWord(HeaderWord word);
  /// The code behind the header: rotary factors of the position, whether this
  /// row owns it, and how many positions it holds.
  void beginToken();
  bool hasAttention() const { return attention; }

  View makeBuffer(llvm::StringRef name, mlir::Type element, int64_t count,
                  wpe::BufferKind kind = wpe::BufferKind::Scratch);
  int64_t localCount(mlir::Type type);

  llvm::SmallVector<LocalTensor> tensors;
  /// Rotary and output tensors to be declared beside the slicings.
  struct TableTensor {
    std::string name;
    int64_t entries, step;
    std::vector<double> frequencies;
  };
  llvm::SmallVector<TableTensor> tables;
  /// place = the bitwise or of halfwords over the cores of the row, in all of
  /// them.
  void orOverRow(const Place &place, Count extent) {
    allReduce(columns, place, extent, "or16");
  }
  Place bestPlace();
  Place bestIdPlace();

private:
  llvm::LogicalResult lower(mlir::Operation &op);
  llvm::LogicalResult lowerMatVec(dist::MatVecOp op);
  llvm::LogicalResult lowerAllReduce(dist::AllReduceOp op);
  void lowerSumSquares(dist::SumSquaresOp op);
  void lowerCast(dist::CastOp op);
  llvm::LogicalResult lowerToken(mlir::Operation &op);
  void lowerRmsScale(dist::RmsScaleOp op);
  void lowerHeadSumSquares(dist::HeadSumSquaresOp op);
  void lowerScaleBy(dist::ScaleByOp op);
  void lowerRope(dist::RopeOp op);
  llvm::LogicalResult lowerAppend(dist::AppendOp op);
  void lowerScores(dist::ScoresOp op);
  void lowerHeadNormScores(dist::HeadNormScoresOp op);
  void lowerMaxPositions(dist::MaxPositionsOp op);
  void lowerSoftmax(dist::SoftmaxWeightsOp op);
  llvm::LogicalResult lowerLocalSoftmax(dist::LocalSoftmaxOp op);
  void lowerKeepReference(dist::KeepReferenceOp op);
  void lowerWeightedValues(dist::WeightedValuesOp op);
  void lowerDivideHeads(dist::DivideHeadsOp op);
  void lowerSiluMul(dist::SiluMulOp op);
  void lowerAdd(dist::AddOp op);
  void lowerArgMax(dist::ArgMaxOp op);

  /// output = weights * input, for blocks [inputs, outputs] of weights.
  /// `isClear`: the place of its sums is; `leaveHalf`: they stay in halfSum().
  void multiply(const Place &input, int64_t inputs, const Place &weights,
                const Place &output, int64_t outputs, const ProductPlan &plan,
                bool isClear, bool leaveHalf);
  void multiplyAdd(const Place &input, int64_t inputs, const Place &weights,
                   const Place &output, int64_t outputs);
  void multiplyAddHalf(const Place &input, int64_t inputs, const Place &weights,
                       const Place &output, int64_t outputs, int64_t terms,
                       bool leaveHalf);
  void multiplyThenSum(const Place &input, int64_t inputs, const Place &weights,
                       const Place &output, int64_t outputs, int64_t piece,
                       bool halfSums, bool isClear, bool leaveHalf);
  void widen(const Place &sum, const Place &output, int64_t outputs,
             bool isFirst);
  Place halfSum(mlir::Type element, int64_t outputs, int64_t turn);
  int64_t sumTurnOf(dist::MatVecOp product);
  void allReduce(const CollectiveQueues &queues, const Place &place,
                 Count extent, llvm::StringRef instruction,
                 const ReduceEnds &ends = {});
  ReduceEnds endsOf(dist::AllReduceOp op);
  void finishHalfNorm(ReduceEnds &ends, dist::AllReduceOp op,
                      dist::RmsScaleOp scale, const Place &target, bool rounds);
  void finishNorm(ReduceEnds &ends, dist::AllReduceOp op,
                  dist::RmsScaleOp scale);
  void finishAdd(ReduceEnds &ends, dist::AllReduceOp op, dist::AddOp add);
  void finishSoftmax(ReduceEnds &ends, dist::AllReduceOp op,
                     dist::DivideHeadsOp divide);
  dist::AllReduceOp onlyReduce(mlir::Operation *op);
  dist::AllReduceOp normReduce(dist::MatVecOp op);
  bool leavesHalf(dist::MatVecOp op);
  bool leavesHalf(dist::ScoresOp op);
  bool travelsHalf(dist::AllReduceOp op);
  Place halfBlock(dist::AllReduceOp op);
  void reduceHalf(dist::AllReduceOp op, const CollectiveQueues &queues,
                  const ReduceEnds &ends);
  void loadSquares(const Place &place, int64_t outputs, const Place &sum);
  mlir::Value zeros(Count extent);
  Place halfScores();
  bool scoresTogether();
  bool siluInHalf(dist::SiluMulOp op);
  /// 1 / a sum of weights, whose exponent is at hand.
  mlir::Value divisorOf(const Place &sum, mlir::Value exponent);
  /// 1 / sqrt(x) of a positive f32 scalar: bit estimate and three Newton steps.
  mlir::Value rsqrt(mlir::Value x);
  /// 1 / x of a positive normal f32 scalar, likewise.
  mlir::Value reciprocal(mlir::Value x);
  /// place = exp(factor * place) where factor * place is up to 87; below -87
  /// it counts as -87. `isExact`: to binary32, else as binary16 needs it.
  void exponential(const Place &place, Count extent, int64_t most, float factor,
                   bool isExact);
  /// result = 1 / place for positive normal values.
  void reciprocal(const Place &place, const Place &result, const Place &scratch,
                  int64_t extent, bool isExact);

  /// Places of the slots of a binary16 sequence that works on `most` elements;
  /// X and Factor are the caller's.
  struct HalfPlaces {
    Place slots[kHalfSlots];
  };
  HalfPlaces halfPlaces(int64_t most);
  Place besideX(const Place &wide);
  void halfSequence(llvm::ArrayRef<HalfStep> steps, const HalfPlaces &places,
                    Count extent);
  /// A constant in memory, by its bits, to be read with stride 0.
  Place constantPlace(uint32_t bits, mlir::Type type);
  Place roundGateUp(const View &gate, const View &up);
  void lowerSiluMulHalf(const View &gate, const View &up, dist::SiluMulOp op);

  void beginRotation();
  void rotationAt(const Place &lowRow, const Place &highRow);
  Place ropeNow();
  void rotate(const Place &heads, int64_t count);
  void rotateByScalars(const Place &heads, int64_t count, const View &rounded);
  void scoreProducts(const Place &query, const Place &keys, const Place &line);
  void scoreLoop(const Place &query, const Place &keys, const Place &line);
  void scoresOfGroup(const Place &query, const Place &keys, const Place *line);
  void eachHead(int64_t count,
                const std::function<void(mlir::Value, int64_t)> &body);
  Place step(const Place &block, mlir::Value head, int64_t fixed,
             int64_t bytes);
  void overPositions(llvm::StringRef instruction, const Place &result,
                     const Place &values);
  // See StageSoftmax.cpp.
  Place softmaxTop();
  void resetTop();
  Place softmaxReference();
  void referencesOfRow(const Place &top, const Place &scale);
  void prepareSoftmax(dist::LocalSoftmaxOp op);
  bool isLastUse(mlir::Value value, mlir::Operation *user);
  bool valuesTogether();
  bool sumsValuesInHalf();
  Place valueSums();
  void scaleSums(const Place &sums, const Place &scale, const Place &result,
                 int64_t width);
  mlir::Value biasedExponent(const Place &place);
  void makeReference(const Place &m, const Place &reference,
                     const Place &scale);
  float powerUnit() const;
  void addToReference(
      const std::function<mlir::Value(mlir::Value, int64_t)> &biased);
  void valuesOfGroup(const Place &weights, const Place &values,
                     const Place &sums);
  void valuesOfQuery(const Place &weights, const Place &values,
                     const Place &result);

  // Several tokens a pass, see StageTokens.cpp.
  bool hasTokens() const { return tokens > 1; }
  /// Whether the blocks of all-reduces take turns in two buffers: a value goes
  /// on in binary16, so that a block is done with when the next but one begins.
  bool sharesBlocks() const { return hasTokens() && usesHalf; }
  /// Emits `body` for each token; viewOf() then gives the views of that one.
  void eachToken(const Code::Body &body);
  View ofToken(View view);
  /// Makes the place of a value, for all tokens; gives the view of this one.
  View define(mlir::Value value);
  /// `value` lies where `other` does.
  void alias(mlir::Value value, mlir::Value other) {
    views[value] = views.lookup(other);
  }
  Place moved(const Place &place, mlir::Value bytes);
  mlir::Value allTokens(const View &view);
  void beginPass();
  mlir::Value lineWidth();
  mlir::Value lineWords();
  int64_t mostOfLine() const;
  Place lineOf(const Place &lines, int64_t head);
  void eachOwned(const std::function<void(mlir::Value, mlir::Value)> &body);
  void castTokens(dist::CastOp op);
  void addTokens(dist::AddOp op);
  void appendTokens(const View &value, const Place &cache, int64_t slotBytes,
                    llvm::StringRef instruction);
  void scoresOfTokens(dist::ScoresOp op);
  void normScoresOfTokens(dist::HeadNormScoresOp op, const Place &factors);
  void maskFuture(const Place &scores);
  void overSlots(llvm::StringRef instruction, const Place &result,
                 const Place &values);
  void maxOfTokens(dist::MaxPositionsOp op);
  void softmaxOfTokens(dist::SoftmaxWeightsOp op);
  void localSoftmaxOfTokens(dist::LocalSoftmaxOp op);
  void referencesOfTokens(const Place &top, const Place &scale);
  void inPieces(mlir::Value total, int64_t most,
                const std::function<void(mlir::Value, mlir::Value)> &body);
  void eachElement(int64_t elements,
                   const std::function<void(mlir::Value, int64_t)> &body);
  int64_t lineLanes() const;
  void sumToTokens(const Place &values, int64_t head, const View &result,
                   int64_t offset, int64_t stride, const Place *scale);
  void valuesOfTokens(dist::WeightedValuesOp op);
  void siluOfTokens(const View &gate, const View &up, dist::SiluMulOp op);
  mlir::Value rmsFactor(const Place &place, int64_t elements, float eps);

  dist::SlicingOp slicing(dist::LayoutAttr layout, unsigned dim);
  llvm::SmallVector<int64_t> localShape(mlir::Type type);
  /// Element strides of a local block, see the order above.
  llvm::SmallVector<int64_t> localStrides(mlir::Type type,
                                          int64_t innermost = 1);
  /// The place of a new value: in the block of the all-reduce that takes it,
  /// else a buffer of its own.
  View placeResult(mlir::Value value);
  /// The whole block of that all-reduce.
  View blockOf(mlir::Value value);
  /// Work that the next operations need and that depends on nothing new.
  void prepareFollowing(mlir::Operation *reduce);
  void prepareOp(mlir::Operation *op);
  void prepareFirst();
  ProductPlan planOf(dist::MatVecOp product);
  /// The outputs of all of a product's results in a core.
  int64_t outputsOf(dist::MatVecOp product);
  std::string weightsName(dist::MatVecOp op);
  dist::TensorOp tensorOf(mlir::FlatSymbolRefAttr symbol);
  mlir::Value layerOffset(int64_t bytes);
  /// From the `bytes` of a layer to those of the next one.
  int64_t layerStep(int64_t bytes) const;
  /// The same in what is kept for each request in flight.
  mlir::Value cacheOffset(int64_t bytes);
  /// Emits `body` where the program begins: it runs once.
  void beforeAll(const Code::Body &body);
  View scratch(llvm::StringRef name, mlir::Type element, int64_t count);
  Place scoresPlace();

  Code &code;
  wpe::RoleOp role;
  mlir::SymbolTable &symbols;
  dist::StageOp stage;
  int64_t maxLayers;
  /// What is kept of layers lies whole turns of the banks apart.
  bool evenLayers;
  bool halfMessages = false;
  /// Of the product that is being lowered, see sumTurnOf().
  int64_t sumTurn = 0;
  /// In flight; each has a cache of its own.
  int64_t requests;
  /// Most tokens of a pass.
  int64_t tokens;
  /// How many there are in this one, and the one that eachToken() is at.
  mlir::Value count, token;
  /// Bytes to what is reduced beside the scores (the block ends where they
  /// begin).
  mlir::Value besideScores;
  /// The scores, once the weights are made of them.
  Place linesPlace;
  View hidden;
  int64_t slices = 1;
  Place header;
  const Machine &machine;
  const ParameterSet &parameters;
  /// Elements of a step of any sum: a sum over rows must not meet one of its
  /// elements twice in a step.
  int64_t lanes;
  mlir::Value layer;
  /// Positions of this row, see StageAttention.cpp.
  mlir::Value now, reach;
  bool attention = false;
  /// Products are in f16, so special functions need not be better.
  bool usesHalf = false;
  ProductTypes products = ProductTypes::Single;
  double scoresScale = 1;

  llvm::DenseMap<mlir::Value, View> views;
  /// The block of an all-reduce, made when its first operand is.
  llvm::DenseMap<mlir::Operation *, View> blocks;
  /// Scratch and tensor buffers by name, with the largest size asked for.
  llvm::MapVector<mlir::StringAttr, int64_t> scratchSizes;
  /// The constants of `half_constants` and `wide_constants`, in order.
  llvm::SmallVector<uint32_t> halfConstants, wideConstants;
  unsigned counter = 0;
  /// What is done while the next all-reduce over rows or columns waits.
  std::vector<Code::Body> meanwhile;
  /// Operations whose sums have been cleared.
  llvm::DenseSet<mlir::Operation *> prepared;
  /// Those of them that come before all all-reduces: cleared in the last one
  /// before, and by nature in the first round.
  llvm::SmallVector<mlir::Operation *> preparedFirst;
  /// Operations that an all-reduce did on the way.
  llvm::DenseSet<mlir::Operation *> finished;
  /// Where it left gate and up, in binary16.
  llvm::DenseMap<mlir::Operation *, Place> siluInputs;
  /// Where it left the biased exponents of sums, numbers in binary16.
  llvm::DenseMap<mlir::Value, Place> softmaxExponents;

  // Sizes of the attention, found at construction.
  int64_t slots = 0, heads = 0, group_ = 0, pairs = 0;
  int64_t ropeLow = 1, ropeHigh = 1;
  std::vector<double> frequencies;
};

/// Neighbouring columns of a stage that hold the same KV heads.
std::vector<std::pair<int32_t, int32_t>> headGroups(mlir::SymbolTable &symbols,
                                                    dist::StageOp stage);

} // namespace wafer

#endif // WAFER_LIB_CONVERSION_DISTTOWPE_STAGELOWERING_H
