# %% [markdown]
# # Only an order log
#
# No customer table, only order lines: who, when, what, how much, with returns and cancellations in
# between. That is enough for recency, frequency and revenue (RFM), for segments that use them, and
# for what each segment is worth. The orders are made up by `segmeans sample orders`.

# %%
import tempfile
from pathlib import Path

import pandas

import segmeans
from segmeans.sample import OrderMarket, write_orders

folder = Path(tempfile.mkdtemp())
source = folder / "orders.csv"
write_orders(source, 6000, 1, OrderMarket(days=540))
pandas.read_csv(source).head()

# %% [markdown]
# ## Prepare
#
# One row per customer is made of the log. Every line is accounted for: nothing disappears silently.

# %%
study = segmeans.segment(source, orders=True, k="1-8")
orders = study.commerce.record
pandas.DataFrame(
    [
        (step.name, step.left_out, step.lines, step.customers, step.revenue)
        for step in orders.funnel
    ],
    columns=["step", "leave", "lines", "customers", "revenue"],
)

# %% [markdown]
# "Recency" and "monetary" mean different things to different people. Here is what they mean here,
# as of a day that is stated.

# %%
print("as of", orders.as_of)
for feature in orders.features:
    print("-", feature.name, ":", feature.definition)

# %% [markdown]
# ## Count

# %%
study.plot.elbow()

# %%
for reason in study.record.verdict.reasons:
    print("-", reason)

# %% [markdown]
# ## Train
#
# The names speak of orders and money, as the features do.

# %%
study

# %% [markdown]
# ## Interpret
#
# How many customers, and how much of the revenue? Few customers often bring most of it.

# %%
pandas.DataFrame(
    [
        (study.record.segments[one.segment - 1].name, one.customer_share, one.revenue_share)
        for one in orders.value
    ],
    columns=["segment", "share of customers", "share of revenue"],
).round(3)

# %%
study.plot.value()

# %% [markdown]
# The log has dates, so the playbook may speak of customers who have gone quiet:

# %%
from segmeans.report.bundle import advise

pandas.DataFrame(
    [(one.name, one.title, "; ".join(one.because)) for one in advise(study).actions],
    columns=["segment", "action", "because"],
)

# %% [markdown]
# The classic table of RFM scores gives names cell by cell. Does it, or do the segments, say more
# about what customers do next? The study holds back the last part of the log and looks.

# %%
for outcome in orders.comparison.foresight:
    print(
        f"{outcome.target}: of its differences RFM foresees {outcome.rfm.value:.2f}, "
        f"segments {outcome.segments.value:.2f}; better: {outcome.better}"
    )
print("agreement of names and segments (adjusted Rand):", round(orders.comparison.agreement, 2))

# %% [markdown]
# ## Evaluate

# %%
study.plot.stability()

# %%
segmeans.write(study, folder / "results", figures=False)
study.close()
sorted(path.name for path in (folder / "results").iterdir())
