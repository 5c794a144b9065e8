"""Networks in the lanes of the CPU's vector unit, in C++ that is compiled where it runs."""
