// The shape of the networks of one group, and what lies where while they train.
//
// Layout. A group is LANES networks of one architecture, each on an image of its own. Weights, gradients, Adam's
// moments and activations are arrays of vectors, a network in each lane: `Weights<V>` is the flat weight vector of the
// paper's networks, times LANES. Images and activations lie [y][x][channel], channel last. "By lane" below means one
// vector for each entry, "network by network" one float.
//
// Forward (forward.h) everything is by lane: no operation crosses networks, so that a network's result is the same
// whoever trains beside it. Max-pooling comes before the activation: one activation for four positions.
//
// Backward (backward.h) the last three layers are by lane. Of a pooling window one position has a gradient, another
// one in each network: so the two pooled convolutions go network by network, over that position alone, a quarter of
// the products. The vector then runs over a row of the kernel, (kx, channel), which lies in one piece in an image
// with channels last: K · C numbers, `Rows`. Two cases have an order of their own, because loads that begin anywhere
// cost more than the products: the kernels of one input channel (`Packed`), and kernels that are added to the error
// of the layer below (`Framed`). exchange.h goes between the two orders.
//
// Registers. A product waits four cycles for the one before it, and loads cost as much as products: so every loop
// keeps as many sums in registers as there are (32 for AVX-512 and NEON, 16 else), less what it needs for operands,
// and uses each operand more than once. Forward, a block is the four positions of a pooling window for a few outputs:
// each weight loaded serves four products, each input as many as there are outputs. Backward, a block is a few
// kernel rows of a few outputs, whose sums stay in registers over all positions.
#pragma once
#include "../shape.h"
#include "activation.h"
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

// The weights of a network in the order of the flat vector, or their gradients; T is V or float.
template <class T> struct Weights {
    T conv1[CHANNELS1][INPUTS][TAPS], bias1[CHANNELS1];
    T conv2[CHANNELS2][CHANNELS1][TAPS], bias2[CHANNELS2];
    T conv3[CHANNELS3][CHANNELS2][SMALL * SMALL], bias3[CHANNELS3];
    T linear1[HIDDEN][FEATURES], bias4[HIDDEN];
    T linear2[CLASSES][HIDDEN], bias5[CLASSES];
};
constexpr int SIZE = sizeof(Weights<float>) / 4;

// Kernels of one network. All say where weight (c, tap) of an output stands among its SIZE numbers, which of(o) begin.

// As rows over (kx, channel), filled up to whole vectors of W numbers.
template <int CI, int CO> struct Rows {
    static constexpr int LENGTH = KERNEL * CI, W = LENGTH <= 4 ? 4 : LENGTH <= 8 && LANES > 8 ? 8 : LANES;
    static constexpr int VECTORS = rounded(LENGTH, W) / W, SIZE = KERNEL * VECTORS * W;
    typedef typename Vectors<W>::Float Vector;
    typedef typename Vectors<W>::Unaligned Unaligned;
    Vector row[CO][KERNEL][VECTORS];

    static constexpr int place(int c, int tap) { return tap / KERNEL * VECTORS * W + tap % KERNEL * CI + c; }
    float *of(int o) { return (float *)row[o]; }
};

// Of one channel, in two vectors: three rows of taps, then two.
template <int CO> struct Packed {
    static constexpr int FIRST = 3 * KERNEL, SIZE = 2 * LANES;
    V part[CO][2];

    static constexpr int place(int, int tap) { return tap < FIRST ? tap : LANES + tap - FIRST; }
    float *of(int o) { return (float *)part[o]; }
};

// As rows, each kernel in a frame of zeros: read from start[q], KERNEL + 1 rows of KERNEL + 1 taps hold the kernel as
// position q of a pooling window places it.
template <int CI, int CO> struct Framed {
    static constexpr int SPAN = KERNEL + 1, LENGTH = SPAN * CI, W = LENGTH <= 8 && LANES > 8 ? 8 : LANES;
    static constexpr int VECTORS = rounded(LENGTH, W) / W, STRIDE = rounded(CI + VECTORS * W, 16), SIZE = SPAN * STRIDE;
    static constexpr int start[4] = {STRIDE + CI, STRIDE, CI, 0};
    typedef typename Vectors<W>::Float Vector;
    typedef typename Vectors<W>::Unaligned Unaligned;
    alignas(64) float row[CO * SPAN + 1][STRIDE];  // every SPAN-th one is of zeros

    static constexpr int place(int c, int tap) { return (1 + tap / KERNEL) * STRIDE + (1 + tap % KERNEL) * CI + c; }
    float *of(int o) { return row[o * SPAN]; }
};

typedef std::conditional_t<PERMUTES && INPUTS == 1, Packed<CHANNELS1>, Rows<INPUTS, CHANNELS1>> Gradient1;
typedef Rows<CHANNELS1, CHANNELS2> Gradient2;
typedef Framed<CHANNELS1, CHANNELS2> Kernel2;
constexpr int SLACK = 2 * LANES;  // a row's last vector reads, and writes zeros, past the end

// AddressSanitizer sees where an allocation ends, not an array within it: between arrays that are read or written in
// whole vectors stands a fence, which nothing may touch.
struct alignas(64) Fence {
#ifdef __SANITIZE_ADDRESS__
    Fence() { __asan_poison_memory_region(this, sizeof *this); }
    ~Fence() { __asan_unpoison_memory_region(this, sizeof *this); }
#endif
};

struct alignas(64) Workspace {
    // By lane.
    V image[SIDE * SIDE * INPUTS];
    Activations<SIDE1 * SIDE1 * CHANNELS1> h1;  // [position][channel]
    Activations<SIDE2 * SIDE2 * CHANNELS2> h2;
    Activations<FEATURES> h3;
    Activations<HIDDEN> h4;
    V logits[CLASSES];
    V t2[SIDE2 * SIDE2][CHANNELS2];  // gradients before the activation
    VByte chosen1[SIDE1 * SIDE1][CHANNELS1], chosen2[SIDE2 * SIDE2][CHANNELS2];
    V windows[SIDE1][CHANNELS1 > CHANNELS2 ? CHANNELS1 : CHANNELS2][4];
    // Network by network.
    Fence before_pixels;
    alignas(64) float pixels[LANES][SIDE * SIDE * INPUTS + SLACK];
    Fence before_activations;
    alignas(64) float activations[LANES][rounded(SIDE1 * SIDE1 * CHANNELS1 + SLACK, 16)];
    Fence before_slopes;
    alignas(64) float slopes[KEEPS_SLOPE ? LANES : 1][SIDE1 * SIDE1 * CHANNELS1];
    Fence before_errors;
    alignas(64) float errors[rounded(SIDE1 * SIDE1 * CHANNELS1 + SLACK, 16)];
    Fence after_errors;
    Kernel2 kernel2[LANES];
    Gradient1 gradient1[LANES];
    Gradient2 gradient2[LANES];
    V biases1[LANES][CHANNELS1];  // number i of a network's belongs to channel i % CHANNELS1
};
