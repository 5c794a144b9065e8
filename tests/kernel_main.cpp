// The kernel as a program, for machines that Python runs on only elsewhere: reads the weights of a group, one image
// and label for each network of it, and writes the gradients. Compiled with -Ihyperpipe/zoo/native.
#include <cstdio>

#include "population.cpp"

template <class T> static bool read(T *out, size_t count) { return fread(out, sizeof(T), count, stdin) == count; }

int main() {
    static State state;
    static Weights<V> gradients;
    static uint8_t pixels[LANES * SIDE * SIDE * INPUTS];
    int64_t labels[LANES], indices[LANES];
    float scale[INPUTS], shift[INPUTS];
    for (int i = 0; i < LANES; i++) indices[i] = i;
    if (!read(&state.weights, 1) || !read(pixels, sizeof pixels) || !read(labels, LANES)) return 1;
    if (!read(scale, INPUTS) || !read(shift, INPUTS)) return 1;
    hyperpipe_gradient(&state, pixels, labels, scale, shift, indices, 1, &gradients);
    return fwrite(&gradients, sizeof gradients, 1, stdout) == 1 ? 0 : 1;
}
