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
// with channels last: K · C numbers, `Rows`.
//
// Registers. A product waits four cycles for the one before it, and loads cost as much as products: so every loop
// keeps as many sums in registers as there are (32 for AVX-512 and NEON, 16 else), less what it needs for operands,
// and uses each operand more than once. Forward, a block is the four positions of a pooling window for a few outputs:
// each weight loaded serves four products, each input as many as there are outputs. Backward, a block is a few
// kernel rows of a few outputs, whose sums stay in registers over all positions.
#pragma once
#include "activation.h"
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

constexpr int SIDE = 28, KERNEL = 5, SMALL = 2, SIDE1 = (SIDE - KERNEL + 1) / 2, SIDE2 = (SIDE1 - KERNEL + 1) / 2;
constexpr int SIDE3 = SIDE2 - SMALL + 1, POINTS = SIDE3 * SIDE3, FEATURES = POINTS * CHANNELS3;
constexpr int TAPS = KERNEL * KERNEL;

constexpr int rounded(int n, int step) { return (n + step - 1) / step * step; }
constexpr int within(int n, int least, int most) { return n < least ? least : n > most ? most : n; }

// The weights of a network in the order of the flat vector, or their gradients; T is V or float.
template <class T> struct Weights {
    T conv1[CHANNELS1][INPUTS][TAPS], bias1[CHANNELS1];
    T conv2[CHANNELS2][CHANNELS1][TAPS], bias2[CHANNELS2];
    T conv3[CHANNELS3][CHANNELS2][SMALL * SMALL], bias3[CHANNELS3];
    T linear1[HIDDEN][FEATURES], bias4[HIDDEN];
    T linear2[CLASSES][HIDDEN], bias5[CLASSES];
};
constexpr int SIZE = sizeof(Weights<float>) / 4;

// The kernels of a convolution as rows over (kx, channel), filled up to whole vectors of W numbers.
template <int CI, int CO> struct Rows {
    static constexpr int LENGTH = KERNEL * CI, W = LENGTH <= 4 ? 4 : LENGTH <= 8 && LANES > 8 ? 8 : LANES;
    static constexpr int VECTORS = rounded(LENGTH, W) / W;
    typedef typename Vectors<W>::Float Vector;
    typedef typename Vectors<W>::Unaligned Unaligned;
    Vector row[CO][KERNEL][VECTORS];

    float &at(int o, int c, int tap) { return ((float *)row[o][tap / KERNEL])[tap % KERNEL * CI + c]; }
};
typedef Rows<INPUTS, CHANNELS1> Rows1;
typedef Rows<CHANNELS1, CHANNELS2> Rows2;
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
    Rows2 kernel2[LANES];
    Rows1 gradient1[LANES];
    Rows2 gradient2[LANES];
    float biases1[LANES][CHANNELS1];
};
