rule tables:
    """The paper's tables as Markdown."""
    input:
        accuracies="results/accuracies.parquet",
        rows=expand("results/rows/{zoo}.parquet", zoo=CONFIG.sources),
        histories=expand(
            "results/hyperreps/{zoo}/{loss}/history.parquet",
            zoo=CONFIG.sources,
            loss=["lwln", "plain"],
        ),
    output:
        page="results/tables.md",
        page_record="results/tables.md.prov.json",
    log:
        "results/logs/tables.log",
    benchmark:
        "results/benchmarks/tables.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        config=tables_config,
        code=code_id("hyperpipe.stages.tables"),
    shell:
        "python -m hyperpipe tables --config {params.config:q} --accuracies-path {input.accuracies:q}"
        " --rows-paths '{input.rows}' --history-paths '{input.histories}'"
        " --page-output {output.page:q} 2>&1 | tee {log:q}"


rule fidelity:
    """B_T, the paper's and ours."""
    input:
        metrics=expand("results/zoos/{zoo}/metrics.parquet", zoo=CONFIG.zoos),
    output:
        page="results/fidelity.md",
        page_record="results/fidelity.md.prov.json",
    log:
        "results/logs/fidelity.log",
    benchmark:
        "results/benchmarks/fidelity.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        config=fidelity_config,
        code=code_id("hyperpipe.stages.fidelity"),
    shell:
        "python -m hyperpipe fidelity --config {params.config:q} --metrics-paths '{input.metrics}'"
        " --page-output {output.page:q} 2>&1 | tee {log:q}"
