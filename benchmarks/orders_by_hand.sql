-- What segmeans finds out of an order log for RFM, written by hand for the log of `segmeans sample
-- orders`: the funnel, equal lines, returns matched with their sales, and customers. Step 9 counts.

CREATE VIEW lines AS SELECT *, CASE
    WHEN CustomerID IS NULL THEN 1
    WHEN Status = 'cancelled' THEN 2
    WHEN Status = 'returned' OR Quantity < 0 THEN 3
    WHEN Amount IS NULL OR Amount <= 0 THEN 4
    WHEN OrderDate IS NULL THEN 6
    ELSE 9 END AS step
FROM read_parquet('{log}');

CREATE TABLE baskets AS
SELECT OrderID, CustomerID, step, min(OrderDate) AS day, count(*) AS lines, sum(Amount) AS money
FROM lines GROUP BY ALL;

-- The funnel: a customer or an order leaves at the last step of its lines.

CREATE TABLE people AS
SELECT CustomerID, max(step) AS step, count(*) FILTER (step = 9) AS orders,
    sum(money) FILTER (step = 9) AS money, max(day) FILTER (step = 9) AS day
FROM baskets WHERE CustomerID IS NOT NULL GROUP BY CustomerID;

CREATE TABLE numbers AS SELECT max(step) AS step FROM baskets WHERE OrderID IS NOT NULL
GROUP BY OrderID;

CREATE TABLE funnel AS
WITH lines_of AS (SELECT step, sum(lines) AS n, sum(money) AS money FROM baskets GROUP BY step),
    people_of AS (SELECT step, count(*) AS n FROM people GROUP BY step),
    numbers_of AS (SELECT step, count(*) AS n FROM numbers GROUP BY step)
SELECT step,
    (SELECT sum(n) FROM lines_of WHERE step > s.step) AS lines,
    (SELECT sum(n) FROM people_of WHERE step > s.step) AS customers,
    (SELECT sum(n) FROM numbers_of WHERE step > s.step) AS orders,
    (SELECT sum(money) FROM lines_of WHERE step > s.step) AS revenue
FROM (SELECT 0 AS step UNION SELECT step FROM lines_of WHERE step < 9) AS s ORDER BY step;

-- Equal lines: only those that share a hash are compared column by column.

CREATE TABLE prints AS SELECT hash({columns}) AS print FROM lines GROUP BY 1 HAVING count(*) > 1;

CREATE TABLE copies AS SELECT coalesce(sum(n - 1), 0) AS copies FROM (
    SELECT count(*) AS n FROM lines WHERE hash({columns}) IN (FROM prints) GROUP BY {columns});

-- Returns: pieces that come back are taken off sales of the same customer, product and price, the
-- latest before them first. The pieces held rise and fall, never below none: a piece sold at some
-- height is taken back when they fall below it.

CREATE TABLE returns AS SELECT CustomerID, Product, UnitPrice, OrderID, OrderDate, Quantity, Amount
FROM lines WHERE Quantity < 0 AND step IN (2, 3) AND OrderDate IS NOT NULL;

CREATE TABLE kinds AS SELECT *, row_number() OVER () AS kind
FROM (SELECT DISTINCT CustomerID, Product, UnitPrice FROM returns);

CREATE TABLE sales AS SELECT kind, OrderID, OrderDate, Quantity, Amount
FROM (SELECT CustomerID, Product, UnitPrice, OrderID, OrderDate, Quantity, Amount, step FROM lines)
JOIN kinds USING (CustomerID, Product, UnitPrice) WHERE step = 9 AND Quantity > 0;

CREATE TABLE events AS
SELECT *, row_number() OVER (
    PARTITION BY kind ORDER BY OrderDate, Quantity DESC, OrderID, Amount) AS place
FROM (FROM sales UNION ALL SELECT kind, OrderID, OrderDate, Quantity, Amount
    FROM returns JOIN kinds USING (CustomerID, Product, UnitPrice)
    WHERE kind IN (SELECT kind FROM sales));

CREATE TABLE back AS
WITH balances AS (SELECT *, sum(Quantity) OVER so_far AS balance FROM events
        WINDOW so_far AS (PARTITION BY kind ORDER BY place ROWS UNBOUNDED PRECEDING)),
    heights AS (SELECT *, balance - least(0, min(balance) OVER so_far) AS height FROM balances
        WINDOW so_far AS (PARTITION BY kind ORDER BY place ROWS UNBOUNDED PRECEDING)),
    lows AS (SELECT *, lag(height, 1, 0) OVER (PARTITION BY kind ORDER BY place) AS before,
        min(height) OVER (PARTITION BY kind ORDER BY place
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS low FROM heights)
SELECT *, CASE WHEN Quantity < 0 THEN before - height
    ELSE Quantity - greatest(0, least(Quantity, low - (height - Quantity))) END AS taken
FROM lows;

CREATE TABLE netting AS SELECT
    (SELECT count(*) FROM returns) AS lines,
    (SELECT count(*) FROM back WHERE Quantity < 0 AND taken = -Quantity) AS matched,
    (SELECT sum(Amount * taken / Quantity) FROM back WHERE Quantity > 0 AND taken > 0) AS amount,
    (SELECT count(*) FROM back WHERE Quantity > 0 AND taken = Quantity) AS whole_lines;

-- The customers.

CREATE TABLE result AS
SELECT CustomerID, date_diff('day', day, DATE '{as_of}') AS days_since_last_order, orders,
    CAST(money AS DOUBLE) AS revenue
FROM people WHERE step = 9 ORDER BY CustomerID;
