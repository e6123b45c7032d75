#include "codegen/tile.h"

#include <algorithm>
#include <functional>
#include <span>

#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/IRBuilder.h>

#include "codegen/square.h"
#include "codegen/tile_step.h"

namespace nnc::codegen {

namespace {

using Loops = std::span<const ProductLoop>;

/// Element numbers of the three tensors.
struct Place {
  llvm::Value *left = nullptr, *right = nullptr, *y = nullptr;
};

/// A row of a tile, relative to its first one.
struct TileRow {
  std::int64_t left = 0, y = 0;
};

/// A vector of columns of a tile, relative to its first column. In a panel vectors follow one another.
struct TileVector {
  std::int64_t right = 0, y = 0;
  int active = 0;  // lanes
};
using TileVectors = std::vector<TileVector>;

class TileEmitter {
 public:
  TileEmitter(const Emitter& e, const TilePlan& plan, const Values& buffers)
      : e_(e),
        b_(e.builder),
        plan_(plan),
        p_(plan.product),
        square_(e, p_.dtype),
        step_(e, p_, square_),
        lanes_(square_.lanes()),
        element_(e.registerType(p_.dtype)),
        operand_(e.memoryType(p_.operands)),
        left_(buffers[static_cast<std::size_t>(p_.left)]),
        right_(buffers[static_cast<std::size_t>(p_.right)]),
        y_(buffers[static_cast<std::size_t>(p_.y)]) {}

  void run() {
    if (plan_.isPacked()) {
      auto* type = llvm::ArrayType::get(element_, static_cast<std::uint64_t>(panelSteps() * plan_.vectors * lanes_));
      llvm::AllocaInst* panel = b_.CreateAlloca(type);
      panel->setAlignment(llvm::Align(64));
      panel_ = panel;
    }
    const Place start{e_.i64(p_.leftStart), e_.i64(p_.rightStart), e_.i64(p_.yStart)};
    emitLoops(p_.batch, start, [&](const Place& at) { emitColumns(at); });
  }

 private:
  llvm::Value* plus(llvm::Value* a, std::int64_t c) { return c == 0 ? a : b_.CreateAdd(a, e_.i64(c)); }
  llvm::Value* moved(llvm::Value* a, llvm::Value* i, std::int64_t stride) {
    return stride == 0 ? a : b_.CreateAdd(a, stride == 1 ? i : b_.CreateMul(i, e_.i64(stride)));
  }
  Place moved(const Place& at, llvm::Value* i, const ProductLoop& loop) {
    return {moved(at.left, i, loop.left), moved(at.right, i, loop.right), moved(at.y, i, loop.y)};
  }
  llvm::Value* at(llvm::Value* base, llvm::Value* index) { return b_.CreateGEP(element_, base, index); }
  llvm::Value* atOperand(llvm::Value* base, llvm::Value* index) { return b_.CreateGEP(operand_, base, index); }
  llvm::Align alignment() const { return llvm::Align(static_cast<std::uint64_t>(ir::dtypeBytes(p_.dtype))); }

  void emitLoops(Loops loops, const Place& at, const std::function<void(const Place&)>& body) {
    if (loops.empty()) return body(at);
    emitLoop(e_, loops[0].extent, 1, {}, [&](llvm::Value* i, Values) -> Values {
      emitLoops(loops.subspan(1), moved(at, i, loops[0]), body);
      return {};
    });
  }

  Loops outerSums() const { return Loops(p_.sums).first(isAccumulating() ? plan_.firstInPanel : 0); }
  Loops innerSums() const { return Loops(p_.sums).subspan(isAccumulating() ? plan_.firstInPanel : 0); }
  bool isAccumulating() const { return plan_.isPacked() && plan_.firstInPanel > 0; }
  std::int64_t panelSteps() const { return plan_.panelSteps(); }

  /// `vectors` vectors of the innermost loop of columns, `tail` lanes in the last (0: all).
  TileVectors vectorsOf(int vectors, int tail) const {
    const ProductLoop& lane = p_.columns.back();
    TileVectors result;
    for (std::int64_t v = 0; v < vectors; ++v) result.push_back({v * lanes_ * lane.right, v * lanes_ * lane.y, lanes_});
    if (tail != 0) result.back().active = tail;
    return result;
  }

  /// Panels of columns, full ones in a loop.
  void emitColumns(const Place& start) {
    if (plan_.repeats > 1) return emitRepeatedColumns(start);
    const Loops columns = p_.columns;
    emitLoops(columns.first(columns.size() - 1), start, [&](const Place& place) {
      const ProductLoop& lane = columns.back();
      const std::int64_t width = static_cast<std::int64_t>(plan_.vectors) * lanes_, full = lane.extent / width;
      emitLoop(e_, full, width, {}, [&](llvm::Value* column, Values) -> Values {
        emitPanel(moved(place, column, lane), vectorsOf(plan_.vectors, 0));
        return {};
      });
      const std::int64_t rest = lane.extent - full * width;
      if (rest == 0) return;
      emitPanel(moved(place, e_.i64(full * width), lane),
                vectorsOf(static_cast<int>((rest + lanes_ - 1) / lanes_), static_cast<int>(rest % lanes_)));
    });
  }

  /// Tiles that hold the whole innermost loop of columns for several steps of the next one.
  void emitRepeatedColumns(const Place& start) {
    const Loops columns = p_.columns;
    const ProductLoop& next = columns[columns.size() - 2];
    const TileVectors row = vectorsOf(plan_.vectors, static_cast<int>(columns.back().extent % lanes_));
    const auto emitPieces = [&](const Place& place, std::int64_t first, std::int64_t size, std::int64_t count) {
      TileVectors vectors;
      for (std::int64_t i = 0; i < size; ++i)
        for (const TileVector& vector : row)
          vectors.push_back({vector.right + i * next.right, vector.y + i * next.y, vector.active});
      emitLoop(e_, count, size, {}, [&](llvm::Value* i, Values) -> Values {
        emitPanel(moved(place, plus(i, first), next), vectors);
        return {};
      });
    };
    const EvenSplit split = splitEvenly(next.extent, plan_.repeats);
    emitLoops(columns.first(columns.size() - 2), start, [&](const Place& place) {
      emitPieces(place, 0, split.size + 1, split.larger);
      emitPieces(place, (split.size + 1) * split.larger, split.size, split.smaller);
    });
  }

  /// The outer sums come back to y again and again: the first time it is not read.
  void emitPanel(const Place& start, const TileVectors& vectors) {
    if (!isAccumulating()) return emitRows(start, vectors, nullptr);
    const Loops sums = outerSums();
    const auto open = [&](const auto& self, std::size_t depth, const Place& place, llvm::Value* isFirst) -> void {
      if (depth == sums.size()) return emitRows(place, vectors, isFirst);
      emitLoop(e_, sums[depth].extent, 1, {}, [&](llvm::Value* i, Values) -> Values {
        llvm::Value* isStart = b_.CreateICmpEQ(i, e_.i64(0));
        self(self, depth + 1, moved(place, i, sums[depth]),
             isFirst == nullptr ? isStart : b_.CreateAnd(isFirst, isStart));
        return {};
      });
    };
    open(open, 0, start, nullptr);
  }

  void emitRows(const Place& start, const TileVectors& vectors, llvm::Value* isFirst) {
    if (plan_.isPacked()) pack(start.right, vectors);
    const Loops rows = p_.rows;
    if (rows.empty()) return emitTile(start, {{0, 0}}, vectors, isFirst);
    std::vector<TileRow> whole{{0, 0}};
    for (const ProductLoop& loop : rows.subspan(plan_.firstTiled + 1)) whole = repeated(whole, loop, loop.extent);
    const ProductLoop& cut = rows[plan_.firstTiled];
    const std::int64_t most = std::max<std::int64_t>(1, plan_.rows / static_cast<std::int64_t>(whole.size()));
    const EvenSplit split = splitEvenly(cut.extent, most);
    emitLoops(rows.first(plan_.firstTiled), start, [&](const Place& place) {
      const auto emitPieces = [&](std::int64_t first, std::int64_t size, std::int64_t count) {
        emitLoop(e_, count, size, {}, [&](llvm::Value* i, Values) -> Values {
          emitTile(moved(place, plus(i, first), cut), repeated(whole, cut, size), vectors, isFirst);
          return {};
        });
      };
      emitPieces(0, split.size + 1, split.larger);
      emitPieces((split.size + 1) * split.larger, split.size, split.smaller);
    });
  }

  static std::vector<TileRow> repeated(const std::vector<TileRow>& rows, const ProductLoop& loop, std::int64_t times) {
    std::vector<TileRow> result;
    for (std::int64_t i = 0; i < times; ++i)
      for (const TileRow& row : rows) result.push_back({row.left + i * loop.left, row.y + i * loop.y});
    return result;
  }

  void emitTile(const Place& place, const std::vector<TileRow>& rows, const TileVectors& vectors,
                llvm::Value* isFirst) {
    llvm::Value* zero = llvm::Constant::getNullValue(square_.type());
    Values sums;
    for (const TileRow& row : rows)
      for (const TileVector& vector : vectors)
        sums.push_back(
            isFirst == nullptr
                ? zero
                : b_.CreateSelect(isFirst, zero, loadResult(plus(place.y, row.y + vector.y), vector.active)));
    llvm::Value* right = plan_.isPacked() ? e_.i64(0) : place.right;
    sums = addUp(innerSums(), 0, place.left, right, rows, vectors, std::move(sums));
    storeTile(place.y, rows, vectors, sums);
  }

  /// How far a step of an inner sum moves in the panel, or in the right operand where there is none.
  std::int64_t rightStep(Loops loops, std::size_t depth, const TileVectors& vectors) const {
    if (!plan_.isPacked()) return loops[depth].right;
    std::int64_t stride = static_cast<std::int64_t>(vectors.size()) * lanes_;
    for (std::size_t i = depth + 1; i < loops.size(); ++i) stride *= loops[i].extent;
    return stride;
  }

  Values addUp(Loops loops, std::size_t depth, llvm::Value* left, llvm::Value* right, const std::vector<TileRow>& rows,
               const TileVectors& vectors, Values sums) {
    if (depth < loops.size())
      return emitLoop(e_, loops[depth].extent, 1, std::move(sums), [&](llvm::Value* i, Values inside) -> Values {
        return addUp(loops, depth + 1, moved(left, i, loops[depth].left),
                     moved(right, i, rightStep(loops, depth, vectors)), rows, vectors, std::move(inside));
      });
    Values factors;
    llvm::Value* rightAt = plan_.isPacked() ? at(panel_, right) : atOperand(right_, right);
    for (std::size_t v = 0; v < vectors.size(); ++v)
      factors.push_back(plan_.isPacked()
                            ? square_.load(at(rightAt, e_.i64(static_cast<std::int64_t>(v) * lanes_)), lanes_)
                            : step_.columns(atOperand(rightAt, e_.i64(vectors[v].right)), vectors[v].active));
    llvm::Value* leftAt = atOperand(left_, left);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      llvm::Value* broadcast = step_.broadcast(atOperand(leftAt, e_.i64(rows[r].left)));
      for (std::size_t v = 0; v < vectors.size(); ++v) {
        llvm::Value*& sum = sums[r * vectors.size() + v];
        sum = step_.multiplyAdd(broadcast, factors[v], sum);
      }
    }
    return sums;
  }

  std::int64_t columnStep() const { return p_.columns.back().y; }

  llvm::Value* loadResult(llvm::Value* y, int active) {
    llvm::Value* from = at(y_, y);
    if (columnStep() == 1) return square_.load(from, active);
    llvm::Value* result = llvm::Constant::getNullValue(square_.type());
    for (int lane = 0; lane < active; ++lane) {
      llvm::Value* element = b_.CreateAlignedLoad(element_, at(from, e_.i64(lane * columnStep())), alignment());
      result = b_.CreateInsertElement(result, element, static_cast<std::uint64_t>(lane));
    }
    return result;
  }

  void storeTile(llvm::Value* y, const std::vector<TileRow>& rows, const TileVectors& vectors, const Values& sums) {
    for (std::size_t v = 0; v < vectors.size(); ++v) {
      const auto sumOf = [&](std::size_t row) { return sums[row * vectors.size() + v]; };
      llvm::Value* first = plus(y, vectors[v].y);
      if (columnStep() == 1) {
        for (std::size_t r = 0; r < rows.size(); ++r)
          square_.store(sumOf(r), at(y_, plus(first, rows[r].y)), vectors[v].active);
        continue;
      }
      // Runs of rows that are neighbours in y, turned over.
      for (std::size_t begin = 0; begin < rows.size();) {
        std::size_t end = begin + 1;
        while (end < rows.size() && end - begin < static_cast<std::size_t>(lanes_) &&
               rows[end].y == rows[end - 1].y + 1)
          ++end;
        Values turned;
        for (std::size_t r = begin; r < end; ++r) turned.push_back(sumOf(r));
        storeTurned(turned, plus(first, rows[begin].y), vectors[v].active);
        begin = end;
      }
    }
  }

  void storeTurned(Values rows, llvm::Value* y, int columns) {
    const int count = static_cast<int>(rows.size());
    if (count > 1) square_.transpose(rows);
    for (int lane = 0; lane < columns; ++lane) {
      llvm::Value* to = at(y_, plus(y, lane * columnStep()));
      if (count > 1)
        square_.store(rows[static_cast<std::size_t>(lane)], to, count);
      else
        b_.CreateAlignedStore(b_.CreateExtractElement(rows[0], static_cast<std::uint64_t>(lane)), to, alignment());
    }
  }

  /// Fills the panel: [inner sums][vectors * lanes]. Lanes that are not there hold anything and are never stored.
  void pack(llvm::Value* right, const TileVectors& vectors) {
    if (plan_.packing == Packing::Squares) return packSquares(right, vectors);
    packSums(innerSums(), 0, right, e_.i64(0), vectors);
  }

  void packSquares(llvm::Value* right, const TileVectors& vectors) {
    const std::int64_t column = p_.columns.back().right, step = static_cast<std::int64_t>(vectors.size()) * lanes_;
    for (std::size_t v = 0; v < vectors.size(); ++v) {
      llvm::Value* from = plus(right, vectors[v].right);
      const auto packSquare = [&](llvm::Value* k, int depth) {
        Values rows;
        llvm::Value* first = p_.pair ? b_.CreateMul(k, e_.i64(2)) : k;
        for (int i = 0; i < vectors[v].active; ++i)
          rows.push_back(step_.neighbours(atOperand(right_, b_.CreateAdd(plus(from, i * column), first)), depth));
        square_.transpose(rows);
        llvm::Value* to = plus(b_.CreateMul(k, e_.i64(step)), static_cast<std::int64_t>(v) * lanes_);
        for (int j = 0; j < depth; ++j)
          square_.store(rows[static_cast<std::size_t>(j)], at(panel_, plus(to, j * step)), lanes_);
      };
      const std::int64_t count = panelSteps(), rest = count % lanes_;
      emitLoop(e_, count / lanes_, lanes_, {}, [&](llvm::Value* k, Values) -> Values {
        packSquare(k, lanes_);
        return {};
      });
      if (rest > 0) packSquare(e_.i64(count - rest), static_cast<int>(rest));
    }
  }

  /// One step of the sums after the other.
  void packSums(Loops loops, std::size_t depth, llvm::Value* right, llvm::Value* panel, const TileVectors& vectors) {
    if (depth < loops.size()) {
      emitLoop(e_, loops[depth].extent, 1, {}, [&](llvm::Value* i, Values) -> Values {
        packSums(loops, depth + 1, moved(right, i, loops[depth].right),
                 moved(panel, i, rightStep(loops, depth, vectors)), vectors);
        return {};
      });
      return;
    }
    for (std::size_t v = 0; v < vectors.size(); ++v) {
      llvm::Value* from = plus(right, vectors[v].right);
      llvm::Value* vector = plan_.packing == Packing::Rows ? step_.columns(atOperand(right_, from), vectors[v].active)
                                                           : gathered(from, vectors[v].active);
      square_.store(vector, at(panel_, plus(panel, static_cast<std::int64_t>(v) * lanes_)), lanes_);
    }
  }

  llvm::Value* gathered(llvm::Value* right, int active) {
    llvm::Value* vector = llvm::Constant::getNullValue(square_.type());
    for (int lane = 0; lane < active; ++lane) {
      llvm::Value* from = atOperand(right_, plus(right, lane * p_.columns.back().right));
      vector = b_.CreateInsertElement(vector, step_.single(from, p_.pair ? p_.pair->right : 0),
                                      static_cast<std::uint64_t>(lane));
    }
    return vector;
  }

  const Emitter& e_;
  llvm::IRBuilderBase& b_;
  const TilePlan& plan_;
  const ViewedProduct& p_;
  Square square_;
  TileStep step_;
  int lanes_;
  llvm::Type *element_, *operand_;  // of y and the panel; of left and right in memory
  llvm::Value *left_, *right_, *y_;
  llvm::Value* panel_ = nullptr;
};

}  // namespace

void emitTiles(const Emitter& emitter, const TilePlan& plan, const Values& buffers) {
  TileEmitter(emitter, plan, buffers).run();
}

}  // namespace nnc::codegen
