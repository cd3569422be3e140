-- Active warehouses in the order in which they serve a postal code: the nearest first (from the
-- middle of its region, in whole kilometres), ties by priority and id.
CREATE OR REPLACE FUNCTION inventory.preference(postal_code text) RETURNS uuid[]
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(array_agg(w.id ORDER BY km.distance, w.priority, w.id), '{}')
      FROM inventory.warehouses AS w
      LEFT JOIN (VALUES ('1', 25.04::float8, 121.56::float8), ('2', 24.98, 121.60)
                      , ('3', 24.85, 121.10), ('4', 24.20, 120.70), ('5', 23.95, 120.60)
                      , ('6', 23.55, 120.45), ('7', 23.10, 120.25), ('8', 22.68, 120.35)
                      , ('9', 22.90, 121.10)) AS region (digit, latitude, longitude)
        ON region.digit = left(preference.postal_code, 1)
     CROSS JOIN LATERAL (SELECT coalesce(floor(0.5 + sqrt(
            power((w.latitude - region.latitude) * 111.2, 2)
          + power((w.longitude - region.longitude) * 111.2 * cos(radians(region.latitude)), 2)
           )), 0) AS distance) AS km
     WHERE w.active
$$;

-- The smallest set of places 1..places that together offer what is wanted of everything; of equally
-- small ones the first. `offered` holds, for one wanted thing after the other, what each place has.
CREATE OR REPLACE FUNCTION inventory.fewest_warehouses(wanted bigint[], offered int[], places int) RETURNS int[]
    LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    smallest int := 1;
    chosen int[];
    tries int;
    fits boolean;
    movable int;
BEGIN
    -- No set smaller than one of the best places for each thing can do.
    FOR thing IN 1..cardinality(wanted) LOOP
        SELECT greatest(smallest, min(best.size) FILTER (WHERE best.units >= wanted[thing]))
          INTO smallest
          FROM (SELECT row_number() OVER (ORDER BY units DESC)::int AS size
                     , sum(units) OVER (ORDER BY units DESC ROWS UNBOUNDED PRECEDING) AS units
                  FROM unnest(offered[(thing - 1) * places + 1:thing * places]) AS units) AS best;
    END LOOP;
    FOR size IN smallest..places LOOP
        chosen := ARRAY(SELECT generate_series(1, size));
        -- Very many warehouses would make this slow; then the nearest ones are good enough.
        tries := 10000;
        LOOP
            SELECT bool_and(wanted[thing] <= (SELECT sum(offered[(thing - 1) * places + place])
                                                FROM unnest(chosen) AS place))
              INTO fits
              FROM generate_series(1, cardinality(wanted)) AS thing;
            IF fits THEN
                RETURN chosen;
            END IF;
            SELECT max(i) INTO movable
              FROM generate_series(1, size) AS i WHERE chosen[i] < places - size + i;
            EXIT WHEN movable IS NULL OR tries = 0;
            tries := tries - 1;
            chosen := chosen[1:movable - 1]
                || ARRAY(SELECT generate_series(chosen[movable] + 1, chosen[movable] + 1 + size - movable));
        END LOOP;
    END LOOP;
    RETURN ARRAY(SELECT generate_series(1, places));
END
$$;

DROP FUNCTION inventory.useful_warehouses(bigint[], int[], int);
DROP FUNCTION inventory.kilometres(double precision, double precision, double precision
    , double precision);
DROP FUNCTION inventory.sourcing();
DROP TABLE inventory.postal_districts;
ALTER TABLE inventory.warehouses DROP COLUMN version;
