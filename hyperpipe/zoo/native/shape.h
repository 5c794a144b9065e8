// The shape of the networks that this is compiled for; -D gives channels, widths and the activation.
#pragma once

constexpr int SIDE = 28, KERNEL = 5, SMALL = 2, SIDE1 = (SIDE - KERNEL + 1) / 2, SIDE2 = (SIDE1 - KERNEL + 1) / 2;
constexpr int SIDE3 = SIDE2 - SMALL + 1, POINTS = SIDE3 * SIDE3, FEATURES = POINTS * CHANNELS3;
constexpr int TAPS = KERNEL * KERNEL;

constexpr int rounded(int n, int step) { return (n + step - 1) / step * step; }
constexpr int within(int n, int least, int most) { return n < least ? least : n > most ? most : n; }

// The largest block of at most `most` that cuts n into nearly equal ones.
constexpr int block(int n, int most) {
    int blocks = (n + most - 1) / most;
    return (n + blocks - 1) / blocks;
}
