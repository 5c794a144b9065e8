// A network in a block of threads, and what lies where while it trains.
//
// A block trains one network for a whole epoch. Its weights, their gradients and the activations of as many images of
// a batch as there is room for stay in shared memory; Adam's moments, a number each a step, in global memory.
//
// Forward and back to the errors, a warp works on an image, its lanes on positions: no warp waits for another. For the
// gradients the whole block works on all images, a thread on its weights. Larger batches go by in parts, which add to
// the gradients. Every sum has a fixed order: a network's result does not depend on who trains beside it.
#pragma once
#include "../shape.h"
#include "block.h"

constexpr int WARP = 32, WARPS = 10, THREADS = WARPS * WARP;
constexpr int H1 = SIDE1 * SIDE1, H2 = SIDE2 * SIDE2, PIXELS = SIDE * SIDE * INPUTS;

#if defined(ACTIVATION_GELU)
constexpr bool KEEPS_SLOPE = true;  // which does not follow from the value
DEVICE float activation(float x, float *slope) {
    float below = 0.5f * erfcf(-0.70710678f * x);
    *slope = below + x * 0.39894228f * expf(-0.5f * x * x);
    return x * below;
}
DEVICE float slope_of(float h) { return h; }
#elif defined(ACTIVATION_RELU)
constexpr bool KEEPS_SLOPE = false;
DEVICE float activation(float x, float *) { return x < 0 ? 0.f : x; }  // a NaN stays
DEVICE float slope_of(float h) { return h <= 0 ? 0.f : 1.f; }
#else
constexpr bool KEEPS_SLOPE = false;
DEVICE float activation(float x, float *) { return tanhf(x); }
DEVICE float slope_of(float h) { return 1 - h * h; }
#endif

// COUNT activations, and of GELU their slopes.
template <int COUNT> struct Activations {
    float value[COUNT], kept[KEEPS_SLOPE ? COUNT : 1];

    DEVICE void set(int i, float before) { value[i] = activation(before, kept + (KEEPS_SLOPE ? i : 0)); }
    DEVICE float slope(int i) const { return KEEPS_SLOPE ? kept[KEEPS_SLOPE ? i : 0] : slope_of(value[i]); }
};

// Outputs of the pooled convolutions that a thread works on at a time, all of them in whole blocks.
constexpr int OB1 = block(CHANNELS1, 8), OB2 = block(CHANNELS2, within((CHANNELS2 + 1) / 2, 1, 4));
constexpr int WIDTH1 = rounded(CHANNELS1, OB1), WIDTH2 = rounded(CHANNELS2, OB2);

// Weights of a network, or their gradients, or moments. Kernels of pooled convolutions lie [channel · tap][output], for
// a thread needs a tap of many outputs; what fills up the outputs is zero and stays it.
struct Weights {
    float conv1[INPUTS * TAPS][WIDTH1], conv2[CHANNELS1 * TAPS][WIDTH2];
    float bias1[CHANNELS1], bias2[CHANNELS2];
    float conv3[CHANNELS3][CHANNELS2][SMALL * SMALL], bias3[CHANNELS3];
    float linear1[HIDDEN][FEATURES], bias4[HIDDEN], linear2[CLASSES][HIDDEN], bias5[CLASSES];
};
constexpr int SIZE = sizeof(Weights) / 4;

struct alignas(16) Image {
    uint8_t pixels[PIXELS];  // [y][x][channel]
    Activations<CHANNELS1 * H1> h1;  // [channel][position], as all that follow; on the way back its errors
    Activations<CHANNELS2 * H2> h2;
    Activations<FEATURES> h3;
    Activations<HIDDEN> h4;
    float e5[CLASSES], e4[HIDDEN], e3[FEATURES], e2[CHANNELS2 * H2];  // the logits; then errors before the activations
    uint8_t chosen1[CHANNELS1 * H1], chosen2[CHANNELS2 * H2];  // which position of its window was the largest
};

// The first convolution has few weights and many positions: its gradient is summed by slices of the images' rows.
constexpr int ROWS1 = CHANNELS1 * INPUTS * KERNEL, SLICES = within(THREADS / ROWS1, 1, SIDE1);
constexpr int FIXED = 2 * SIZE * 4 + SLICES * ROWS1 * KERNEL * 4 + 1024;
constexpr int IMAGES = within((SHARED_BYTES - FIXED) / (int)sizeof(Image), 1, WARPS);  // of a batch, at a time
static_assert(FIXED + IMAGES * sizeof(Image) <= SHARED_BYTES, "this architecture is too large for a block's memory");

struct Shared {
    Weights weights, gradients;
    Image images[IMAGES];
    float partial[SLICES][CHANNELS1][INPUTS * TAPS];
    double loss[WARPS], correct[WARPS];
};
constexpr int BLOCKS_AT_ONCE = 2 * sizeof(Shared) + 1024 <= SHARED_BYTES ? 2 : 1;  // of a multiprocessor, which keeps 1024 bytes for each
