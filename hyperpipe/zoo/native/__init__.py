"""The native back end: populations in code that is compiled for their architecture, on the machine that trains them."""
