# %% [markdown]
# # From a customer table to something to do on Monday
#
# A shop has a table of its customers: age, income, and a spending score of its own. How many kinds
# of customers are there, who are they, and what should be done with each? We go five steps:
# prepare, count, train, interpret, evaluate.
#
# The customers are made up (`segmeans sample` writes them), so that anybody may run this, and so
# that we know at the end whether the answer is right: five kinds were planted.

# %%
import tempfile
from pathlib import Path

import pandas

import segmeans
from segmeans.sample import CustomerMarket, write_customers

folder = Path(tempfile.mkdtemp())
source = folder / "customers.csv"
write_customers(source, 500, 1, CustomerMarket(missing=0.02))
pandas.read_csv(source).head()

# %% [markdown]
# ## Prepare
#
# Two values in a hundred are missing, and the table has an id and a gender. Nothing has to be done
# by hand: the id never forms segments, gender describes them, a missing number is set to the
# median, and every step is written down. Here we name the features, because we want the segments
# to be about age, income and spending.

# %%
study = segmeans.segment(
    source, features=["Age", "Annual Income (k$)", "Spending Score (1-100)"], k="1-8"
)
pandas.DataFrame(
    [(role.name, role.role, role.use, role.reason) for role in study.record.roles],
    columns=["column", "is", "used as", "why"],
)

# %% [markdown]
# ## Count: the elbow, and why it is not enough
#
# Inertia falls with every further segment. Many people look for the bend in this line by eye.

# %%
study.plot.elbow()

# %% [markdown]
# A bend is a weak witness. The study asks harder questions: are the segments found again in new
# samples of the customers? Are they clearer than in tables of the same shape *without* segments?

# %%
for reason in study.record.verdict.reasons:
    print("-", reason)

# %% [markdown]
# ## Train
#
# The segments, the largest first. Their names are made from what sets them apart, in plain words.

# %%
study

# %%
study.plot.map()

# %% [markdown]
# ## Interpret
#
# Who are they? Every number is in the customers' own units; the colour says how far a segment lies
# from everyone.

# %%
study.plot.profile()

# %% [markdown]
# A clerk cannot measure a distance to five centres. The typing tool needs a few questions, and says
# how often it is right, counted on customers it had not seen:

# %%
from segmeans.segments.typing_tool import recognise, typing_lines

tool = study.record.typing[0]
print(
    f"right for {tool.accuracy:.0%} of the customers; the largest segment alone: {tool.chance:.0%}"
)
for line in typing_lines(tool):
    leads = "" if line.segment is None else f"  ->  {study.record.segments[line.segment - 1].name}"
    print("    " * line.depth + line.answer + leads)

# %%
somebody = {"Age": 33, "Annual Income (k$)": 95, "Spending Score (1-100)": 80}
study.record.segments[recognise(tool, somebody) - 1].name

# %% [markdown]
# And what should be done? A playbook of rules answers, each with the numbers it rests on and the
# size of the test that would show whether it works. Nothing is said about leaving customers: the
# table has no dates, so nobody can know.

# %%
from segmeans.report.bundle import advise

advice = advise(study)
pandas.DataFrame(
    [(one.name, one.title, one.because[0], one.kpi) for one in advice.actions],
    columns=["segment", "action", "because", "watch"],
)

# %%
for line in advice.silent:
    print("-", line)

# %% [markdown]
# ## Evaluate
#
# Would we find them again? Each segment with its similarity to its best match in new samples, and
# how near its customers stand to a border.

# %%
study.plot.stability()

# %% [markdown]
# Which ones should we serve? Six criteria knock out; two of them only we can answer. The rest is a
# weighted score, shown with what other weights would do to it.

# %%
study.plot.targeting()

# %% [markdown]
# Good names last. Ours are remembered by the model, which is a small text file that scores new
# customers today and next year.

# %%
best = next(one.name for one in study.record.segments if "high spending" in one.name)
study = study.renamed({best: "Young affluent"})
files = segmeans.write(study, folder / "results", figures=False)
[file.name for file in files]

# %%
model = segmeans.load(folder / "results" / "model.json")
new = {"Age": [30, 62], "Annual Income (k$)": [99, 24], "Spending Score (1-100)": [82, 18]}
pandas.DataFrame(model.assign(new).to_dict())[["segment", "name", "certainty", "runner_up_name"]]

# %% [markdown]
# Five kinds were planted, and five were found.

# %%
assert study.k == 5
study.close()
