// What a kernel needs of CUDA, and for a CPU what stands in for it: a thread for each one of a block, and barriers.
#pragma once
#include <cstddef>
#include <cstdint>

#ifdef __CUDACC__

#include <cuda_runtime.h>
#define DEVICE __device__ __forceinline__
#define LAUNCHED(threads, blocks_at_once) __global__ void __launch_bounds__(threads, blocks_at_once)
extern __shared__ __align__(16) char shared_memory[];
template <class T> DEVICE T &shared() { return *(T *)shared_memory; }

template <class... Parameters, class... Arguments>
int launch(void (*kernel)(Parameters...), int blocks, int threads, size_t bytes, void *stream, Arguments... arguments) {
    cudaError_t error = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)bytes);
    if (error != cudaSuccess) return error;
    kernel<<<blocks, threads, bytes, (cudaStream_t)stream>>>(arguments...);
    return cudaGetLastError();
}

inline const char *message(int code) { return cudaGetErrorString((cudaError_t)code); }

#else

#include <pthread.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>
#define DEVICE inline
#define LAUNCHED(threads, blocks_at_once) void

struct Barrier {
    pthread_barrier_t barrier;
    explicit Barrier(int threads) { pthread_barrier_init(&barrier, nullptr, threads); }
    ~Barrier() { pthread_barrier_destroy(&barrier); }
};
struct Index {
    int x;
};
inline thread_local Index threadIdx, blockIdx;
inline thread_local Barrier *of_block, *of_warp;
inline thread_local void *shared_memory;
inline void __syncthreads() { pthread_barrier_wait(&of_block->barrier); }
inline void __syncwarp() { pthread_barrier_wait(&of_warp->barrier); }
template <class T> T &shared() { return *(T *)shared_memory; }

template <class... Parameters, class... Arguments>
int launch(void (*kernel)(Parameters...), int blocks, int threads, size_t bytes, void *, Arguments... arguments) {
    for (int block = 0; block < blocks; block++) {
        std::unique_ptr<void, decltype(&free)> memory(aligned_alloc(64, (bytes + 63) / 64 * 64), free);
        Barrier whole(threads);
        std::vector<std::unique_ptr<Barrier>> warps;
        for (int warp = 0; warp < threads / 32; warp++) warps.push_back(std::make_unique<Barrier>(32));
        std::vector<std::thread> running;
        for (int t = 0; t < threads; t++)
            running.emplace_back([&, t] {
                threadIdx.x = t, blockIdx.x = block;
                of_block = &whole, of_warp = warps[t / 32].get(), shared_memory = memory.get();
                kernel(arguments...);
            });
        for (std::thread &thread : running) thread.join();
    }
    return 0;
}

inline const char *message(int) { return ""; }
#endif
