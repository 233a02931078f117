"""What ``docs/study.md`` says beside its tables: an example of every section, and notes.

The examples of all sections but ``imported`` make one study, which a test reads.
"""

from __future__ import annotations

INTRODUCTION = """
# A study

A study is one YAML file. It says who takes part, what they do together, what varies, how
transcripts are coded and what is measured. `agora init` writes one to start from. `agora plan
STUDY.yaml` checks it and shows what a run would do; `agora schema` prints a JSON Schema with
which an editor completes and checks it as you type.

Agora reads YAML 1.2: `no` and `on` are words, `1_000` is a text. Types are strict: `rounds:
true`, `replicates: "12"` and `excess: yes` are mistakes. A name that you give (of a model, a
condition, a contrast, ...) has at most 80 printable characters.

Paths are relative to the study file. A study may read files in its own folder, but not through
links that lead out of it; `--allow-path FOLDER` opens another folder. A field of type `text or
path` takes a line that looks like a path (`briefs/app.md`, `/etc/motd`) or is a single word for
a path, and anything else for a text. `{file: PATH}` and `{text: TEXT}` say which it is.

This page is made from the models that read a study.
"""

EXAMPLES = {
    "models": """
models:
  ana: {model: openai/gpt-5-mini, temperature: 0.8, api_key_env: OPENAI_API_KEY}
  ben: {model: ollama/llama3.1, api_base: "http://localhost:11434"}
  cal: {model: sim/talkative}
  judge: {model: sim/judge, sim: {sensitivity: 0.9, specificity: 0.97}}
""",
    "population": """
population:
  size: 40
  seed: 1
  targets:
    occupation: {nurse: 0.3, teacher: 0.3, fisher: 0.4}
    age: {18-39: 0.4, 40-64: 0.4, 65+: 0.2}
  traits: big_five
""",
    "instruments": """
instruments:
  ends_of_one_trait:
    models: [ana]
    repeats: 2
    instrument:
      name: ends_of_one_trait
      scale: {low: 1, high: 5, labels: [not at all, little, somewhat, rather, very]}
      items:
        - {item: 1, text: I talk to many people., trait: extraversion, key: 1}
        - {item: 2, text: I keep in the background., trait: extraversion, key: -1}
""",
    "episode": """
episode:
  environment: discussion
  brief: Plan a festival for a small town on a small budget.
  rounds: 5
  seats: [ana, ana, ben, cal]
""",
    "imported": """
imported:
  collection: warroom
  series: [A, B]
""",
    "factors": """
factors:
  names: [neutral, model]
  seats:
    alike: [ana, ana, ana, ana]
    mixed: [ana, ana, ben, cal]
""",
    "conditions": """
conditions:
  long: {rounds: 20, replicates: 5}
  shuffled: {floor: shuffled}
""",
    "coding": """
coding:
  codebook: codebooks/mine.yaml
  judges: [judge]
  adjudication: {use: union, also: [intersection, majority]}
  human: {sample: 200, stratify: [condition, flag]}
""",
    "metrics": """
metrics:
  - profile_cosine
  - {name: participation, resamples: 5000}
""",
    "contrasts": """
contrasts:
  composition:
    of: profile_cosine
    between: [names=neutral seats=alike, names=neutral seats=mixed]
    excess: true
""",
    "curves": """
curves:
  composition_everywhere:
    contrast: composition
    rules: [union, intersection]
    incomplete: [exclude, keep]
""",
    "expect": """
expect:
  - expect_column_mean_to_be_between: {view: v_messages, column: words, min_value: 5}
  - {contrast: composition, direction: less, p_below: 0.05}
""",
    "reproduces": """
reproduces:
  source: "Somebody et al. 2025, Table 2"
  differs: Other models.
  published:
    - {of: profile_cosine, condition: long, value: 0.82}
""",
    "completeness": """
completeness:
  min_rounds_share: 0.8
  max_absent_share: 0.1
""",
    "run": """
run:
  budget_usd: 20
  concurrency: 32
  incomplete: exclude
""",
}

NOTES = {
    "expect": """
Arguments of an expectation stand beside `view`, as in the example.
[expectations.md](expectations.md) lists them, and says what becomes of what does not hold.
""",
    "models": """
An alias is a name that the rest of the study uses. `model` names a provider and a model as
litellm does. `sim/...` models are simulated on your machine with declared parameters (see
[simulated models](simulated_models.md)). A key never stands in a study: `api_key_env` names an
environment variable and `api_key_block` a Prefect Secret block. Limits and prices do not change
an answer, so changing them repeats nothing.
""",
    "population": """
A population can come from a file: `population: populations/us.yaml`. A condition or a factor can
change it: `population: populations/fr.yaml` takes another file, `population.size: 20` changes one
field, `population: null` gives no personas. Changed `targets` replace all targets. Every distinct
population is made once, however many conditions use it. A study may be of its population alone:
without `episode` and `imported`, conditions change the population and nothing else.
""",
    "instruments": """
Questionnaires that are put to the personas outside any episode, and, by probes that name them, to
seats of an episode. Most stand in a file: `{file: instruments/mini_ipip.yaml, models: [ana]}`.
Answers are rows of `responses`; the metrics `trait_scores`, `trait_fidelity` and
`scale_reliability` score them.
""",
    "episode": """
`environment` names the rules. All other fields are parameters of the environment, or parts that
every environment has; both are listed below. A condition can change any of them.
""",
    "factors": """
A factor names a part of the episode: a parameter, or a dotted name such as `memory.size`. Its
levels are a list of words and numbers, or a mapping of names to values where a value is a list or
a mapping. Every combination of levels is a condition, named `FACTOR=LEVEL` for each factor in the
order in which they stand, joined by a space: `names=neutral seats=alike`. The first level of each
factor makes the baseline.
""",
    "conditions": """
Conditions beside those that factors make. Each one changes the episode section above; mappings
are merged, everything else is replaced, and a dotted name such as `memory.size` changes one part.
`replicates` is the number of its episodes, where it is another than that of the study. Without
factors, the first condition is the baseline. A study without factors and conditions has
one condition, `baseline`.
""",
    "imported": """
In place of `episode`: transcripts that `agora import transcripts` brought in. Each series is a
condition.
""",
    "coding": """
See [codebooks](codebooks.md) for codebooks, adjudication rules and human coding.
""",
    "metrics": """
A bare name stands for a metric with its default options; options stand beside `name`. See
[metrics](metrics.md).
""",
    "contrasts": """
`between` names conditions, the baseline first. With `excess: true` the value of each episode is
compared after its null mean is subtracted. A contrast whose conditions differ in more than one
factor says so wherever it is reported. See [metrics](metrics.md) for tests and their options.
""",
    "completeness": """
The rules are fixed before anything is run. An episode that breaks one is treated as one that a
limit cut short; `v_exclusions` says which rule, and by how much. Other rules play no episode again.
""",
    "run": """
None of this is part of a key: changing it repeats nothing.
""",
}
