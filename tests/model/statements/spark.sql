-- Segments of customers, written by segmeans for spark.
-- values: what is in the table, and which level it is (-1 missing, -2 never seen).
-- prepared: filled, capped, transformed and scaled. scores: the nearest has the largest.
-- The segment is the lowest number among those as good as the best.
-- x1: Gender=Female
-- x2: Gender=Male
-- x3: Gender=(missing)
-- x4: Age
-- x5: Annual Income (k$)
-- x6: Tenure (months)
-- x7: City=Brno
-- x8: City=Ghent
-- x9: City=Graz
-- x10: City=Lisbon
-- x11: City=Lyon
-- x12: City=Malmö
-- x13: City=Porto
-- x14: City=Turin
-- x15: City=(missing)
-- x16: Signup Date
WITH `words` AS (
  SELECT
    `CustomerID` AS `key1`,
    CAST(TRIM(' \t\r\n\013\014   ​﻿' FROM CAST(`Gender` AS STRING)) AS STRING) AS `t1`,
    CAST(LOWER(TRIM(' \t\r\n\013\014   ​﻿' FROM CAST(`Gender` AS STRING))) AS STRING) AS `l1`,
    CASE WHEN CAST(`Age` AS DOUBLE) BETWEEN -1e36 AND 1e36 THEN CAST(`Age` AS DOUBLE) END AS `v2`,
    CASE WHEN CAST(`Annual Income (k$)` AS DOUBLE) BETWEEN -1e36 AND 1e36 THEN CAST(`Annual Income (k$)` AS DOUBLE) END AS `v3`,
    CASE WHEN CAST(`Tenure (months)` AS DOUBLE) BETWEEN -1e36 AND 1e36 THEN CAST(`Tenure (months)` AS DOUBLE) END AS `v4`,
    CAST(TRIM(' \t\r\n\013\014   ​﻿' FROM CAST(`City` AS STRING)) AS STRING) AS `t5`,
    CAST(LOWER(TRIM(' \t\r\n\013\014   ​﻿' FROM CAST(`City` AS STRING))) AS STRING) AS `l5`,
    CASE WHEN CAST(DATEDIFF(DAY, CAST('1970-01-01' AS DATE), CAST(`Signup Date` AS DATE)) AS DOUBLE) BETWEEN -1e36 AND 1e36 THEN CAST(DATEDIFF(DAY, CAST('1970-01-01' AS DATE), CAST(`Signup Date` AS DATE)) AS DOUBLE) END AS `v6`
  FROM `crm`.`customers`
), `values` AS (
  SELECT
    `key1` AS `key1`,
    CASE WHEN `t1` IS NULL OR `t1` = '' THEN -1 WHEN `t1` = 'Female' THEN 0 WHEN `t1` = 'Male' THEN 1 WHEN `t1` = '(missing)' THEN 2 WHEN `l1` IN ('na', 'n/a', '#n/a', '#na', 'nan', '-nan', 'null', '(null)', '<na>', 'nil', '\\n', '?', '-', '--', '.', '#null!', '#value!', '#div/0!', '#ref!') THEN -1 ELSE -2 END AS `v1`,
    `v2` AS `v2`,
    `v3` AS `v3`,
    `v4` AS `v4`,
    CASE WHEN `t5` IS NULL OR `t5` = '' THEN -1 WHEN `t5` = 'Brno' THEN 0 WHEN `t5` = 'Ghent' THEN 1 WHEN `t5` = 'Graz' THEN 2 WHEN `t5` = 'Lisbon' THEN 3 WHEN `t5` = 'Lyon' THEN 4 WHEN `t5` = 'Malmö' THEN 5 WHEN `t5` = 'Porto' THEN 6 WHEN `t5` = 'Turin' THEN 7 WHEN `t5` = '(missing)' THEN 8 WHEN `l5` IN ('na', 'n/a', '#n/a', '#na', 'nan', '-nan', 'null', '(null)', '<na>', 'nil', '\\n', '?', '-', '--', '.', '#null!', '#value!', '#div/0!', '#ref!') THEN -1 ELSE -2 END AS `v5`,
    `v6` AS `v6`
  FROM `words`
), `prepared` AS (
  SELECT
    `key1` AS `key1`,
    CASE WHEN (CASE WHEN `v1` = (-1) THEN 1 ELSE 0 END + CASE WHEN `v2` IS NULL THEN 1 ELSE 0 END + CASE WHEN `v3` IS NULL THEN 1 ELSE 0 END + CASE WHEN `v4` IS NULL THEN 1 ELSE 0 END + CASE WHEN `v5` = (-1) THEN 1 ELSE 0 END + CASE WHEN `v6` IS NULL THEN 1 ELSE 0 END) > 3 THEN 1 ELSE 0 END AS `status`,
    CASE WHEN `v1` = 0 THEN 0.3252691193458118e0
        WHEN `v1` = (-2) THEN 0e0 ELSE -0.38183766184073564e0 END AS `x1`,
    CASE WHEN `v1` = 1 THEN 0.38890872965260115e0
        WHEN `v1` = (-2) THEN 0e0 ELSE -0.31819805153394637e0 END AS `x2`,
    CASE WHEN `v1` = 2 THEN 0.700035713374682e0
        WHEN `v1` = (-2) THEN 0e0
        WHEN `v1` = (-1) THEN 0.700035713374682e0 ELSE -0.0070710678118654745e0 END AS `x3`,
    CASE WHEN CAST(`v2` AS DOUBLE) BETWEEN -4.75e0 AND 88e0 THEN (CAST(`v2` AS DOUBLE) - 41.86643835616438e0) / 10.891084561747354e0
        WHEN CAST(`v2` AS DOUBLE) BETWEEN -1e36 AND -4.75e0 THEN -4.280238399754495e0
        WHEN CAST(`v2` AS DOUBLE) BETWEEN 88e0 AND 1e36 THEN 4.235901519474935e0 ELSE 0.012263392417751208e0 END AS `x4`,
    CASE WHEN CAST(`v3` AS DOUBLE) BETWEEN -162e0 AND 287.75e0 THEN (CAST(`v3` AS DOUBLE) - 65.22635135135135e0) / 32.00569176890701e0
        WHEN CAST(`v3` AS DOUBLE) BETWEEN -1e36 AND -162e0 THEN -7.099560696641399e0
        WHEN CAST(`v3` AS DOUBLE) BETWEEN 287.75e0 AND 1e36 THEN 6.952627371885978e0 ELSE -0.10080554967056515e0 END AS `x5`,
    CASE WHEN CAST(`v4` AS DOUBLE) BETWEEN 3e0 AND 1934.553935860062e0 THEN (LN(CAST(`v4` AS DOUBLE)) - 3.303829036501505e0) / 0.8557462788022799e0
        WHEN CAST(`v4` AS DOUBLE) BETWEEN -1e36 AND 3e0 THEN -2.57695160640355e0
        WHEN CAST(`v4` AS DOUBLE) BETWEEN 1934.553935860062e0 AND 1e36 THEN 4.982555138015899e0 ELSE 0.03315874620385597e0 END AS `x6`,
    CASE WHEN `v5` = 0 THEN 0.6835365551469959e0
        WHEN `v5` = (-2) THEN 0e0 ELSE -0.023570226039551584e0 END AS `x7`,
    CASE WHEN `v5` = 1 THEN 0.6552522838995339e0
        WHEN `v5` = (-2) THEN 0e0 ELSE -0.05185449728701348e0 END AS `x8`,
    CASE WHEN `v5` = 2 THEN 0.6269680126520721e0
        WHEN `v5` = (-2) THEN 0e0 ELSE -0.08013876853447538e0 END AS `x9`,
    CASE WHEN `v5` = 3 THEN 0.4855466564147626e0
        WHEN `v5` = (-2) THEN 0e0 ELSE -0.22156012477178488e0 END AS `x10`,
    CASE WHEN `v5` = 4 THEN 0.5821845831769241e0
        WHEN `v5` = (-2) THEN 0e0 ELSE -0.12492219800962338e0 END AS `x11`,
    CASE WHEN `v5` = 5 THEN 0.6741084647311752e0
        WHEN `v5` = (-2) THEN 0e0 ELSE -0.03299831645537222e0 END AS `x12`,
    CASE WHEN `v5` = 6 THEN 0.6010407640085653e0
        WHEN `v5` = (-2) THEN 0e0 ELSE -0.10606601717798211e0 END AS `x13`,
    CASE WHEN `v5` = 7 THEN 0.6599663291074443e0
        WHEN `v5` = (-2) THEN 0e0 ELSE -0.04714045207910317e0 END AS `x14`,
    CASE WHEN `v5` = 8 THEN 0.6882506003549063e0
        WHEN `v5` = (-2) THEN 0e0
        WHEN `v5` = (-1) THEN 0.6882506003549063e0 ELSE -0.018856180831641266e0 END AS `x15`,
    CASE WHEN CAST(`v6` AS DOUBLE) BETWEEN 12092.25e0 AND 24547e0 THEN (CAST(`v6` AS DOUBLE) - 18278.527210884353e0) / 1066.625856918593e0
        WHEN CAST(`v6` AS DOUBLE) BETWEEN -1e36 AND 12092.25e0 THEN -5.799856782729862e0
        WHEN CAST(`v6` AS DOUBLE) BETWEEN 24547e0 AND 1e36 THEN 5.876918085620786e0 ELSE 0.061851856194671595e0 END AS `x16`
  FROM `values`
), `scores` AS (
  SELECT
    `key1` AS `key1`,
    `status` AS `status`,
    -0.3725353380373833e0 + (0.000628697171680799e0 * `x1`) + (0.006081436102989261e0 * `x2`) - (0.006710133274670064e0 * `x3`)
        + (0.06381039134200825e0 * `x4`) + (1.2426289303673974e0 * `x5`) + (0.21246218787798427e0 * `x6`) + (0.016867919662869e0 * `x7`)
        - (0.006741313599986217e0 * `x8`) - (0.0027947752813988853e0 * `x9`) - (0.0034756517729964773e0 * `x10`) - (0.02170723341856993e0 * `x11`)
        - (0.0003003492561066178e0 * `x12`) + (0.01807249835314408e0 * `x13`) + (0.009071565667491347e0 * `x14`) - (0.008992660354446397e0 * `x15`)
        + (0.035556675197135665e0 * `x16`) AS `s1`,
    -0.5352455137117046e0 + (0.0412283442325757e0 * `x1`) - (0.029538585738282067e0 * `x2`) - (0.011689758494293637e0 * `x3`)
        + (1.1365375351849054e0 * `x4`) - (0.36081834169948207e0 * `x5`) - (0.04945277027279944e0 * `x6`) + (0.00112153721162695e0 * `x7`)
        - (0.011945246261935178e0 * `x8`) - (0.030115421756630834e0 * `x9`) + (0.000382436235000154e0 * `x10`) + (0.002517970352571784e0 * `x11`)
        - (0.00967640034530776e0 * `x12`) + (0.01820708281853932e0 * `x13`) + (0.016608295729624335e0 * `x14`) + (0.012899746016511296e0 * `x15`)
        + (0.11343526144540228e0 * `x16`) AS `s2`,
    -1.748174737642087e0 - (0.041857041404256494e0 * `x1`) + (0.023457149635292805e0 * `x2`) + (0.0183998917689637e0 * `x3`)
        - (1.2003479265269137e0 * `x4`) - (0.8818105886679155e0 * `x5`) - (0.1630094176051848e0 * `x6`) - (0.017989456874495956e0 * `x7`)
        + (0.018686559861921394e0 * `x8`) + (0.03291019703802972e0 * `x9`) + (0.0030932155379963227e0 * `x10`) + (0.019189263065998146e0 * `x11`)
        + (0.009976749601414377e0 * `x12`) - (0.036279581171683395e0 * `x13`) - (0.025679861397115686e0 * `x14`) - (0.003907085662064899e0 * `x15`)
        - (0.14899193664253796e0 * `x16`) AS `s3`
  FROM `prepared`
), `best` AS (
  SELECT
    `key1` AS `key1`,
    `status` AS `status`,
    `s1` AS `s1`,
    `s2` AS `s2`,
    `s3` AS `s3`,
    GREATEST(`s1`, `s2`, `s3`) AS `top`
  FROM `scores`
)
SELECT
  `key1` AS `CustomerID`,
  CASE WHEN `status` = 0 AND `s1` >= (`top` - 1.1370303406534773e-9) THEN 1
      WHEN `status` = 0 AND `s2` >= (`top` - 1.1370303406534773e-9) THEN 2
      WHEN `status` = 0 AND `s3` >= (`top` - 1.1370303406534773e-9) THEN 3 END AS `segment`,
  CASE WHEN `status` = 0 AND `s1` >= (`top` - 1.1370303406534773e-9) THEN 'high income' WHEN `status` = 0 AND `s2` >= (`top` - 1.1370303406534773e-9) THEN 'older, low income' WHEN `status` = 0 AND `s3` >= (`top` - 1.1370303406534773e-9) THEN 'younger, low income' END AS `segment_name`,
  CASE WHEN `status` = 1 THEN 'more than 50 % of the features are missing' WHEN `status` = 2 THEN 'a feature is missing' END AS `unscored`
FROM `best`;
