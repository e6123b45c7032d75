// The printed tree of every construct.
#include <gtest/gtest.h>

#include "samples.h"

namespace nnc::syntax::test {

namespace {

TEST(Tree, ATreeShowsEveryConstruct) {
  const Parsed parsed(R"(import std.data as d (idx, csv)
export let c: real = 0.5
layer unit(n: int = 3, act: fn, g: fn(f32) -> f32, norm: layer, e: enum(p, q))(x: f32[B, ..s, n], y: f32[]) -> f32[B, _] {
  param(decay: false) w: f32[n] = normal(0.1)
  state m: f32 = 0.0
  sub emb = e.b(1)
  let y[b, ..s, i: n] = sum[k: 3](x[b, .., k])
  let (a, b) = (u: 1, v: .post)
  update m = -m
  require n > 0 and true, "bad\n"
  if a { return x } else if b { } else { yield y }
  let r = scan t in 0..T carry h = 0, k = 1 { next h = h, k = k }
  return x |> repeat i in 2 { unit(i) } + (if a then b else c)
} vjp (g) { return fn (z) => [1, "l": z] }
)");
  EXPECT_EQ(parsed.tree(), R"(import std.data as d (idx, csv) @1:1
export let c @2:1
  type
    type real @2:15
  real 0.5 @2:22
layer unit @3:1
  parameters
    n @3:12
      type int @3:15
      default
        int 3 @3:21
    act @3:24
      type fn @3:29
    g @3:33
      type fn @3:36
        type f32 @3:39
        result
          type f32 @3:47
    norm @3:52
      type layer @3:58
    e @3:65
      type enum (p, q) @3:68
  data parameters
    x @3:80
      type f32 @3:83
        name B @3:87
        pack ..s @3:90
        name n @3:95
    y @3:99
      type f32[] @3:102
  result
    type f32 @3:112
      name B @3:116
      name _ @3:119
  body
    param w @4:3
      attributes
        argument decay @4:9
          bool false @4:16
      type f32 @4:26
        name n @4:30
      initial
        call @4:35
          name normal @4:35
          arguments
            real 0.1 @4:42
    state m @5:3
      type f32 @5:12
      initial
        real 0 @5:18
    sub emb @6:3
      call @6:13
        field b @6:13
          name e @6:13
        arguments
          int 1 @6:17
    let @7:3
      pattern y @7:7
        binder b @7:9
        binder ..s @7:12
        binder i @7:17
          extent
            name n @7:20
      call @7:25
        index @7:25
          name sum @7:25
          subscripts
            index k @7:29
              extent
                int 3 @7:32
        arguments
          index @7:35
            name x @7:35
            subscripts
              name b @7:37
              pack .. @7:40
              name k @7:44
    let @8:3
      pattern (a, b) @8:7
      tuple @8:16
        argument u @8:17
          int 1 @8:20
        argument v @8:23
          symbol .post @8:26
    update m @9:3
      negate @9:14
        name m @9:15
    require "bad\n" @10:3
      chain @10:11
        name n @10:11
        > @10:13
        int 0 @10:15
        and @10:17
        bool true @10:21
    if @11:3
      name a @11:6
      then
        return @11:10
          name x @11:17
      else if
      name b @11:29
      then
      else
        yield @11:42
          name y @11:48
    let @12:3
      pattern r @12:7
      scan t @12:11
        range
          binary .. @12:21
            int 0 @12:21
            name T @12:24
        carry
          binding h @12:32
            int 0 @12:36
          binding k @12:39
            int 1 @12:43
        body
          next @12:47
            binding h @12:52
              name h @12:56
            binding k @12:59
              name k @12:63
    return @13:3
      binary |> @13:10
        name x @13:10
        binary + @13:15
          repeat i @13:15
            count
              int 2 @13:27
            body
              call @13:31
                name unit @13:31
                arguments
                  name i @13:36
          parenthesis @13:43
            if @13:44
              name a @13:47
              then
                name b @13:54
              else
                name c @13:61
  vjp (g)
    body
      return @14:13
        fn (z) @14:20
          list @14:30
            int 1 @14:31
            label "l" @14:34
              name z @14:39
)");
}

TEST(Tree, ProbesOfAFileAndOfTheStdlib) {
  const Parsed parsed(R"(probe big = l2(w) for w in weights(net)
experiment e {
  probe big
  probe big for w in params(net)
  probe big every steps(5)
}
probe now = loss
)");
  EXPECT_EQ(withoutPlaces(parsed.tree()), R"(probe big
  call
    name l2
    arguments
      name w
  for w
    call
      name weights
      arguments
        name net
experiment e
  probe big
  probe big
    for w
      call
        name params
        arguments
          name net
  probe big
    every
      call
        name steps
        arguments
          int 5
probe now
  name loss
)");
}

TEST(Tree, ATreeOfDataTrainAndExperiment) {
  const Parsed parsed(R"(data m { source: idx("a") let x = img / 255.0 }
train t(n: int = 1) { epochs: 3 }
experiment e {
  run: t
  let k = 2
  vary a.b in [1, 2] from 1 to 2 when c
  vary (p, q) in [(1, 2)]
  bind d = 1
  exclude when a == b
  probe g = l2(x) for u in params(net) every steps(5)
  measure test = valid.accuracy.at(.best)
  expect test > 0.5, "why"
  report "T" { file: "x.html" show cells(test) }
}
export net(3) as n(B: [1, 2])
)");
  EXPECT_EQ(withoutPlaces(parsed.tree()), R"(data m
  setting source
    call
      name idx
      arguments
        string "a"
  let
    pattern x
    binary /
      name img
      real 255
train t
  parameters
    n
      type int
      default
        int 1
  setting epochs
    int 3
experiment e
  setting run
    name t
  let k
    int 2
  vary a.b
    list
      int 1
      int 2
    from
      int 1
    to
      int 2
    when
      name c
  vary (p, q)
    list
      tuple
        int 1
        int 2
  bind d
    int 1
  exclude
    binary ==
      name a
      name b
  probe g
    call
      name l2
      arguments
        name x
    for u
      call
        name params
        arguments
          name net
    every
      call
        name steps
        arguments
          int 5
  measure test
    call
      field at
        field accuracy
          name valid
      arguments
        symbol .best
  expect "why"
    binary >
      name test
      real 0.5
  report "T"
    setting file
      string "x.html"
    show
      call
        name cells
        arguments
          name test
export as n
  call
    name net
    arguments
      int 3
  dims
    argument B
      list
        int 1
        int 2
)");
}

}  // namespace

}  // namespace nnc::syntax::test
