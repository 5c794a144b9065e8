// The activation of the networks, and its slope as a function of its own value.
#pragma once
#include "lanes.h"

inline V activation(V x) { return hyperbolic_tangent(x); }
template <class T> inline T slope(T h) { return 1.f - h * h; }
