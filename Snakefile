# The default target stands here and not in workflow/Snakefile, since `include` resets it.
include: "workflow/Snakefile"


rule all:
    default_target: True
    input:
        "results/tables.md",
