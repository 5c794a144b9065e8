rule tables:
    """The paper's tables: a page as Markdown and HTML, and the cells of Tables 1, 2 and 5 in long form."""
    input:
        accuracies="results/accuracies.parquet",
        rows=expand("results/rows/{zoo}.parquet", zoo=CONFIG.sources),
        histories=of_hyperreps("history.parquet"),
        reconstructions=of_hyperreps("reconstructions.parquet"),
        novelty=expand("results/novelty/{zoo}.parquet", zoo=CONFIG.sources),
        figures=figures,
    output:
        page="results/tables.md",
        html="results/tables.html",
        cells="results/tables.parquet",
        csv="results/tables.csv",
        page_record="results/tables.md.prov.json",
        html_record="results/tables.html.prov.json",
        cells_record="results/tables.parquet.prov.json",
        csv_record="results/tables.csv.prov.json",
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
        " --reconstructions-paths '{input.reconstructions}' --novelty-paths '{input.novelty}'"
        " --figure-paths '{input.figures}' --page-output {output.page:q} --html-output {output.html:q}"
        " --cells-output {output.cells:q} --csv-output {output.csv:q} 2>&1 | tee {log:q}"


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
