// What a population is trained on, and how; arguments.py fills these.
#pragma once
#include <cstdint>

struct Adam {
    double learning_rate, weight_decay, beta1, beta2, epsilon;
};

struct Data {  // pixels: uint8 [count][SIDE][SIDE][INPUTS]; a network sees pixel · scale + shift, by channel
    const uint8_t *pixels;
    const int64_t *labels;
    const float *scale, *shift;
};
