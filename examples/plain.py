# %% [markdown]
# # The notebook that everyone writes, and what it misses
#
# It is on thousands of pages: read the customers, scale, draw the elbow, pick k = 5, run
# `KMeans(n_init=10)`, plot, invent names. Here it is, on 600 made-up customers of whom we know the
# truth: **eight** kinds were planted, some of them small.

# %%
import tempfile
from pathlib import Path

import pandas
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.preprocessing import StandardScaler

import segmeans
from segmeans.sample import CustomerMarket, write_customers

folder = Path(tempfile.mkdtemp())
market = CustomerMarket(segments=8, sizes=(8, 4, 4, 2, 2, 1, 1, 1), truth=True)
write_customers(folder / "customers.csv", 600, 1, market)
customers = pandas.read_csv(folder / "customers.csv")
features = ["Age", "Annual Income (k$)", "Spending Score (1-100)"]
customers.head()

# %% [markdown]
# ## The plain way: the elbow by eye

# %%
X = StandardScaler().fit_transform(customers[features])
inertia = {k: KMeans(k, n_init=10, random_state=0).fit(X).inertia_ for k in range(1, 13)}
pandas.Series(inertia).plot(marker="o", xlabel="k", ylabel="inertia")
# %% [markdown]
# It bends around 4 or 5, does it not? Five it is, as on all the other pages.

# %%
plain = KMeans(n_clusters=5, n_init=10, random_state=0).fit(X)
truth = customers["True Segment"]
print("silhouette", round(silhouette_score(X, plain.labels_), 3))
print("agreement with the truth", round(adjusted_rand_score(truth, plain.labels_), 2))

# %% [markdown]
# What the notebook has not said: whether another seed gives the same, whether five is better than
# eight, whether there is any structure at all, and what the clusters are. On to naming them by
# looking at means of z-scores, in which -1.3 is "low something".

# %% [markdown]
# ## The same question, asked in one line

# %%
study = segmeans.segment(folder / "customers.csv", features=features, ignore=["True Segment"])
study

# %%
for reason in study.record.verdict.reasons:
    print("-", reason)

# %%
print("agreement with the truth", round(adjusted_rand_score(truth, study.labels), 2))

# %% [markdown]
# The elbow of this curve is at 5, and the study says so. It does not follow it, because eight
# segments come back in new samples and stand apart, and five are eight with some of them thrown
# together:

# %%
pandas.crosstab(
    pandas.Series(plain.labels_, name="plain cluster"),
    pandas.Series(study.labels, name="segment"),
)

# %% [markdown]
# ## Is there anything at all?
#
# The same margins, but no segments: every column as before, no groups. The plain notebook cannot
# notice. It draws an elbow, makes five clusters, and reports a silhouette.

# %%
write_customers(folder / "nothing.csv", 400, 1, CustomerMarket(structure=False))
nothing = pandas.read_csv(folder / "nothing.csv")
Z = StandardScaler().fit_transform(nothing[features])
labels = KMeans(n_clusters=5, n_init=10, random_state=0).fit_predict(Z)
print("silhouette", round(silhouette_score(Z, labels), 3))

# %%
empty = segmeans.segment(folder / "nothing.csv", features=features)
print(empty.record.verdict.structure)
for reason in empty.record.verdict.reasons:
    print("-", reason)

# %% [markdown]
# ## What was better
#
# | | plain notebook | segmeans |
# |---|---|---|
# | number of segments | by eye | by resampling and null data, with reasons |
# | is the search done? | ten starts, no word | a certificate: how often the best was found |
# | no structure | five clusters anyway | says so |
# | names | by hand, from z-scores | from the markers, in units |
# | next month | `fit` again, other numbers | `model.json`, matched refits |

# %%
[row.certificate.reason for row in study.record.k_table if row.k == study.k]

# %%
assert study.k == 8
assert adjusted_rand_score(truth, study.labels) > 0.9 > adjusted_rand_score(truth, plain.labels_)
assert empty.record.verdict.structure == "none"
study.close()
empty.close()
