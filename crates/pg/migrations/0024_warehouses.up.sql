-- Warehouses are edited in the back office: each change counts up their version (the ETag). And orders
-- in SQL find the nearest warehouse as the program does since it knows Taiwan's postal districts.
ALTER TABLE inventory.warehouses ADD COLUMN version bigint NOT NULL DEFAULT 1;

-- The middle of each postal district, in degrees north and east: what the program has in
-- crates/inventory/src/postal_districts.csv (which says where it is from); a test compares the two.
CREATE TABLE inventory.postal_districts (
    code text PRIMARY KEY CHECK (code ~ '^[0-9]{3}$'),
    latitude double precision NOT NULL,
    longitude double precision NOT NULL
);

INSERT INTO inventory.postal_districts (code, latitude, longitude) VALUES
       ('100', 25.0325, 121.5198), ('103', 25.0640, 121.5132), ('104', 25.0698, 121.5383), ('105', 25.0598, 121.5577)
     , ('106', 25.0269, 121.5434), ('108', 25.0294, 121.4973), ('110', 25.0307, 121.5716), ('111', 25.1256, 121.5509)
     , ('112', 25.1482, 121.5178), ('114', 25.0838, 121.5924), ('115', 25.0361, 121.6097), ('116', 24.9887, 121.5740)
     , ('200', 25.1200, 121.7434), ('201', 25.1257, 121.7728), ('202', 25.1436, 121.7763), ('203', 25.1500, 121.7329)
     , ('204', 25.1417, 121.7079), ('205', 25.0810, 121.7447), ('206', 25.1097, 121.6836), ('207', 25.1760, 121.6444)
     , ('208', 25.2176, 121.6056), ('209', 26.1554, 119.9344), ('210', 26.2205, 119.9882), ('211', 25.9608, 119.9750)
     , ('212', 26.3696, 120.4903), ('220', 25.0117, 121.4577), ('221', 25.0734, 121.6547), ('222', 24.9977, 121.6200)
     , ('223', 24.9473, 121.6472), ('224', 25.0985, 121.8236), ('226', 25.0262, 121.7579), ('227', 24.9969, 121.8328)
     , ('228', 25.0257, 121.9191), ('231', 24.9305, 121.5316), ('232', 24.9111, 121.7242), ('233', 24.7883, 121.5415)
     , ('234', 25.0082, 121.5168), ('235', 24.9910, 121.4942), ('236', 24.9644, 121.4457), ('237', 24.8822, 121.4163)
     , ('238', 24.9799, 121.4011), ('239', 24.9567, 121.3466), ('241', 25.0631, 121.4872), ('242', 25.0359, 121.4368)
     , ('243', 25.0556, 121.4163), ('244', 25.1004, 121.3525), ('247', 25.0894, 121.4713), ('248', 25.0963, 121.4332)
     , ('249', 25.1382, 121.4129), ('251', 25.1895, 121.4634), ('252', 25.2321, 121.5148), ('253', 25.2656, 121.5693)
     , ('260', 24.7503, 121.7570), ('261', 24.9026, 121.8431), ('262', 24.8115, 121.7347), ('263', 24.7519, 121.8018)
     , ('264', 24.7421, 121.6612), ('265', 24.6789, 121.7702), ('266', 24.6678, 121.6643), ('267', 24.5449, 121.5153)
     , ('268', 24.6891, 121.8061), ('269', 24.6422, 121.7603), ('270', 24.5565, 121.8363), ('272', 24.4413, 121.6660)
     , ('290', 25.7440, 123.4750), ('300', 24.7870, 120.9463), ('302', 24.8385, 120.9941), ('303', 24.8858, 121.0517)
     , ('304', 24.9075, 120.9947), ('305', 24.8414, 121.0940), ('306', 24.7852, 121.1866), ('307', 24.7658, 121.1046)
     , ('308', 24.7370, 120.9992), ('310', 24.7309, 121.0753), ('311', 24.5782, 121.1390), ('312', 24.7079, 121.1470)
     , ('313', 24.5950, 121.2819), ('314', 24.6722, 121.0643), ('315', 24.6782, 121.0111), ('320', 24.9800, 121.2147)
     , ('324', 24.9213, 121.2140), ('325', 24.8508, 121.2118), ('326', 24.9183, 121.1292), ('327', 24.9727, 121.0662)
     , ('328', 25.0275, 121.1142), ('330', 25.0005, 121.2997), ('333', 25.0243, 121.3569), ('334', 24.9497, 121.2913)
     , ('335', 24.8680, 121.2963), ('336', 24.7296, 121.3755), ('337', 25.0651, 121.2112), ('338', 25.0610, 121.2831)
     , ('350', 24.6992, 120.8760), ('351', 24.6764, 120.9190), ('352', 24.6361, 120.9526), ('353', 24.5662, 121.0175)
     , ('354', 24.5199, 120.9207), ('356', 24.6172, 120.7790), ('357', 24.4861, 120.7137), ('358', 24.4115, 120.6879)
     , ('360', 24.5639, 120.8112), ('361', 24.6249, 120.8695), ('362', 24.5736, 120.8827), ('363', 24.5026, 120.8506)
     , ('364', 24.3938, 120.8631), ('365', 24.4193, 121.0683), ('366', 24.4560, 120.7992), ('367', 24.3809, 120.7702)
     , ('368', 24.5416, 120.7614), ('369', 24.3254, 120.8561), ('400', 24.1417, 120.6806), ('401', 24.1373, 120.6971)
     , ('402', 24.1212, 120.6645), ('403', 24.1439, 120.6647), ('404', 24.1588, 120.6806), ('406', 24.1841, 120.7361)
     , ('407', 24.1831, 120.6267), ('408', 24.1416, 120.6179), ('411', 24.1149, 120.7734), ('412', 24.0960, 120.6927)
     , ('413', 24.0435, 120.7201), ('414', 24.0840, 120.6293), ('420', 24.2501, 120.7376), ('421', 24.3097, 120.7146)
     , ('422', 24.2650, 120.7904), ('423', 24.2497, 120.8401), ('424', 24.2760, 121.1407), ('426', 24.1778, 120.8313)
     , ('427', 24.2119, 120.7111), ('428', 24.2270, 120.6412), ('429', 24.2658, 120.6734), ('432', 24.1448, 120.5543)
     , ('433', 24.2343, 120.5838), ('434', 24.2019, 120.5243), ('435', 24.2499, 120.5235), ('436', 24.2937, 120.5772)
     , ('437', 24.3781, 120.6360), ('438', 24.3356, 120.6650), ('439', 24.3646, 120.5901), ('500', 24.0754, 120.5694)
     , ('502', 24.0064, 120.6295), ('503', 24.0302, 120.5598), ('504', 24.0326, 120.5041), ('505', 24.0841, 120.4264)
     , ('506', 24.0330, 120.4228), ('507', 24.1377, 120.4420), ('508', 24.1138, 120.5112), ('509', 24.1706, 120.4740)
     , ('510', 23.9566, 120.5931), ('511', 23.9055, 120.6022), ('512', 23.9215, 120.5416), ('513', 23.9529, 120.5343)
     , ('514', 23.9518, 120.4832), ('515', 23.9922, 120.5586), ('516', 23.9921, 120.4594), ('520', 23.8574, 120.5903)
     , ('521', 23.8677, 120.5331), ('522', 23.9007, 120.5223), ('523', 23.8824, 120.4676), ('524', 23.8273, 120.5225)
     , ('525', 23.8507, 120.4137), ('526', 23.9163, 120.4042), ('527', 23.8594, 120.2953), ('528', 23.9579, 120.3408)
     , ('530', 23.8093, 120.6286), ('540', 23.9218, 120.6788), ('541', 23.9060, 120.7860), ('542', 23.9834, 120.7321)
     , ('544', 24.0313, 120.8675), ('545', 23.9790, 120.9626), ('546', 24.0287, 121.1445), ('551', 23.8512, 120.6774)
     , ('552', 23.8371, 120.7853), ('553', 23.7963, 120.8623), ('555', 23.8761, 120.9257), ('556', 23.6556, 121.0214)
     , ('557', 23.6982, 120.7101), ('558', 23.7379, 120.7815), ('600', 23.4806, 120.4479), ('602', 23.4278, 120.6075)
     , ('603', 23.5554, 120.6388), ('604', 23.5038, 120.5966), ('605', 23.4409, 120.7596), ('606', 23.4042, 120.5365)
     , ('607', 23.2886, 120.5897), ('608', 23.4292, 120.4147), ('611', 23.4082, 120.3046), ('612', 23.4730, 120.3439)
     , ('613', 23.4461, 120.2538), ('614', 23.4690, 120.1740), ('615', 23.5103, 120.2715), ('616', 23.5459, 120.3483)
     , ('621', 23.5427, 120.4443), ('622', 23.5990, 120.4808), ('623', 23.5936, 120.4010), ('624', 23.3458, 120.2239)
     , ('625', 23.3751, 120.1763), ('630', 23.6708, 120.4826), ('631', 23.6457, 120.4256), ('632', 23.7167, 120.4293)
     , ('633', 23.6912, 120.3647), ('634', 23.7162, 120.3116), ('635', 23.6962, 120.2564), ('636', 23.7167, 120.1998)
     , ('637', 23.7786, 120.3340), ('638', 23.7914, 120.2380), ('640', 23.7066, 120.5601), ('643', 23.7559, 120.6155)
     , ('646', 23.6256, 120.6117), ('647', 23.7698, 120.5290), ('648', 23.7795, 120.4581), ('649', 23.7927, 120.3965)
     , ('651', 23.5923, 120.2940), ('652', 23.5617, 120.2353), ('653', 23.5735, 120.1713), ('654', 23.6463, 120.1938)
     , ('655', 23.6425, 120.3279), ('700', 22.9953, 120.1935), ('701', 22.9819, 120.2282), ('702', 22.9557, 120.1899)
     , ('704', 23.0101, 120.2059), ('708', 22.9898, 120.1642), ('709', 23.0488, 120.1526), ('710', 23.0274, 120.2543)
     , ('711', 22.9469, 120.2931), ('712', 23.0340, 120.3358), ('713', 23.0262, 120.4124), ('714', 23.1149, 120.4610)
     , ('715', 23.1790, 120.5170), ('716', 23.1152, 120.5442), ('717', 22.9414, 120.2419), ('718', 22.9559, 120.3343)
     , ('719', 22.9549, 120.3870), ('720', 23.1911, 120.3480), ('721', 23.1826, 120.2413), ('722', 23.1671, 120.1786)
     , ('723', 23.1250, 120.2002), ('724', 23.1231, 120.0992), ('725', 23.2086, 120.1270), ('726', 23.2523, 120.1842)
     , ('727', 23.2786, 120.1256), ('730', 23.3017, 120.2954), ('731', 23.3621, 120.3485), ('732', 23.3514, 120.4579)
     , ('733', 23.2784, 120.4442), ('734', 23.2274, 120.3800), ('735', 23.2312, 120.2648), ('736', 23.2690, 120.3550)
     , ('737', 23.2981, 120.2483), ('741', 23.1404, 120.2988), ('742', 23.1449, 120.3988), ('743', 23.0970, 120.3710)
     , ('744', 23.0833, 120.2924), ('745', 23.0998, 120.2296), ('800', 22.6300, 120.3067), ('801', 22.6271, 120.2945)
     , ('802', 22.6234, 120.3201), ('803', 22.6239, 120.2844), ('804', 22.6481, 120.2741), ('805', 22.5829, 120.2891)
     , ('806', 22.5924, 120.3125), ('807', 22.6499, 120.3179), ('811', 22.7208, 120.3003), ('812', 22.5482, 120.3526)
     , ('813', 22.6850, 120.2920), ('814', 22.7013, 120.3605), ('815', 22.7399, 120.3708), ('817', 20.7030, 116.7200)
     , ('819', 10.3770, 114.3660), ('820', 22.8052, 120.2979), ('821', 22.8573, 120.2660), ('822', 22.8703, 120.3211)
     , ('823', 22.8640, 120.3959), ('824', 22.7878, 120.3708), ('825', 22.7526, 120.3006), ('826', 22.7482, 120.2593)
     , ('827', 22.7795, 120.2394), ('828', 22.8219, 120.2257), ('829', 22.8933, 120.2259), ('830', 22.6139, 120.3555)
     , ('831', 22.5929, 120.4111), ('832', 22.5052, 120.3982), ('833', 22.6626, 120.3728), ('840', 22.7111, 120.4254)
     , ('842', 22.8651, 120.4754), ('843', 22.9002, 120.5635), ('844', 23.0089, 120.6579), ('845', 22.9566, 120.4718)
     , ('846', 22.9971, 120.5622), ('847', 23.1167, 120.6233), ('848', 23.2252, 120.8525), ('849', 23.2634, 120.7211)
     , ('851', 22.9200, 120.7524), ('852', 22.8822, 120.1979), ('880', 23.5494, 119.5904), ('881', 23.6059, 119.5092)
     , ('882', 23.3723, 119.5009), ('883', 23.2083, 119.4295), ('884', 23.6527, 119.5883), ('885', 23.5780, 119.6449)
     , ('890', 24.4880, 118.4204), ('891', 24.4433, 118.4169), ('892', 24.4572, 118.3280), ('893', 24.4129, 118.3134)
     , ('894', 24.4330, 118.2413), ('896', 24.9922, 119.4512), ('900', 22.6648, 120.4800), ('901', 22.7980, 120.6865)
     , ('902', 22.7600, 120.8008), ('903', 22.6712, 120.6799), ('904', 22.7318, 120.4845), ('905', 22.7986, 120.5061)
     , ('906', 22.8100, 120.6018), ('907', 22.7426, 120.5694), ('908', 22.6947, 120.5560), ('909', 22.6489, 120.5300)
     , ('911', 22.5897, 120.5279), ('912', 22.6513, 120.5888), ('913', 22.5882, 120.4770), ('920', 22.5365, 120.5568)
     , ('921', 22.6042, 120.6918), ('922', 22.5017, 120.6857), ('923', 22.5825, 120.6019), ('924', 22.5154, 120.5007)
     , ('925', 22.4869, 120.5846), ('926', 22.4799, 120.5180), ('927', 22.4401, 120.5113), ('928', 22.4614, 120.4737)
     , ('929', 22.3402, 120.3711), ('931', 22.4291, 120.5469), ('932', 22.5161, 120.4497), ('940', 22.4028, 120.5968)
     , ('941', 22.2670, 120.6579), ('942', 22.4041, 120.6976), ('943', 22.2609, 120.7357), ('944', 22.0794, 120.7426)
     , ('945', 22.1555, 120.8175), ('946', 21.9846, 120.7637), ('947', 22.0493, 120.8440), ('950', 22.7517, 121.1105)
     , ('951', 22.6597, 121.4904), ('952', 22.0472, 121.5504), ('953', 22.9035, 120.9835), ('954', 22.7650, 121.0016)
     , ('955', 22.9519, 121.1571), ('956', 23.0378, 121.1765), ('957', 23.1149, 121.0176), ('958', 23.0926, 121.2185)
     , ('959', 22.9798, 121.2518), ('961', 23.1264, 121.3541), ('962', 23.3345, 121.4264), ('963', 22.5914, 120.9800)
     , ('964', 22.5817, 120.8571), ('965', 22.3829, 120.8982), ('966', 22.3846, 120.8353), ('970', 23.9963, 121.6087)
     , ('971', 24.0562, 121.6141), ('972', 24.1238, 121.4810), ('973', 23.9555, 121.5648), ('974', 23.8449, 121.5345)
     , ('975', 23.7429, 121.4685), ('976', 23.6465, 121.4353), ('977', 23.5855, 121.4947), ('978', 23.5157, 121.4074)
     , ('979', 23.7264, 121.3186), ('981', 23.3717, 121.3608), ('982', 23.3903, 121.1800), ('983', 23.1968, 121.2981);

GRANT SELECT ON inventory.postal_districts TO oxcart_app;

-- How warehouses are chosen: OXCART_SOURCING for the server, the setting `oxcart.sourcing` here.
CREATE FUNCTION inventory.sourcing() RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    strategy CONSTANT text :=
        coalesce(nullif(current_setting('oxcart.sourcing', true), ''), 'nearest_whole');
BEGIN
    IF strategy NOT IN ('nearest_whole', 'nearest', 'fewest', 'priority') THEN
        RAISE EXCEPTION 'oxcart.sourcing: there is no strategy "%"', strategy
            USING HINT = 'nearest_whole, nearest, fewest or priority';
    END IF;
    RETURN strategy;
END
$$;

-- The great-circle distance of two points on a sphere of the Earth's mean radius, in whole
-- kilometres. By the chord between them, step by step as crates/inventory/src/place.rs does it: the
-- same numbers come out.
CREATE FUNCTION inventory.kilometres(
    latitude_a double precision, longitude_a double precision
  , latitude_b double precision, longitude_b double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT floor(0.5 + 12742.0176::float8 * asin(least(1::float8
             , sqrt(d.x * d.x + d.y * d.y + d.z * d.z) / 2)))
      FROM (SELECT cos(radians(latitude_a)) * cos(radians(longitude_a))
                 - cos(radians(latitude_b)) * cos(radians(longitude_b))
                 , cos(radians(latitude_a)) * sin(radians(longitude_a))
                 - cos(radians(latitude_b)) * sin(radians(longitude_b))
                 , sin(radians(latitude_a)) - sin(radians(latitude_b))) AS d (x, y, z)
$$;

-- Active warehouses in the order in which they serve a postal code: the nearest first where the
-- strategy asks for it (from the middle of the district), ties by priority and id; a postal code of
-- no Taiwanese district by priority.
CREATE OR REPLACE FUNCTION inventory.preference(postal_code text) RETURNS uuid[]
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(array_agg(w.id ORDER BY km.distance, w.priority, w.id), '{}')
      FROM inventory.warehouses AS w
      LEFT JOIN inventory.postal_districts AS district
        ON district.code = left(preference.postal_code, 3)
       AND inventory.sourcing() IN ('nearest_whole', 'nearest')
     CROSS JOIN LATERAL (SELECT coalesce(inventory.kilometres(district.latitude
             , district.longitude, w.latitude, w.longitude), 0)) AS km (distance)
     WHERE w.active
$$;

-- The places that give, out of 1..places in the order of preference: with the strategies that split
-- freely all of them, one after the other. Else the smallest set that together offers what is wanted
-- of everything, of equally small ones the first; after 10,000 sets that did not do, the one that
-- taking the most useful place again and again comes to. `offered` holds, for one wanted thing after
-- the other, what each place has. As crates/inventory/src/sourcing/cover.rs.
CREATE OR REPLACE FUNCTION inventory.fewest_warehouses(wanted bigint[], offered int[], places int)
    RETURNS int[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    useful int[];
    smallest int := 1;
    tries int := 10000;
    spots int[];
    fits boolean;
    movable int;
BEGIN
    IF inventory.sourcing() IN ('nearest', 'priority') THEN
        RETURN ARRAY(SELECT generate_series(1, places));
    END IF;
    useful := ARRAY(
        SELECT place FROM generate_series(1, places) AS place
         WHERE EXISTS (SELECT FROM generate_series(1, cardinality(wanted)) AS thing
                        WHERE offered[(thing - 1) * places + place] > 0)
         ORDER BY place);
    -- No set smaller than one of the best places for each thing can do.
    FOR thing IN 1..cardinality(wanted) LOOP
        SELECT greatest(smallest, min(best.size) FILTER (WHERE best.units >= wanted[thing]))
          INTO smallest
          FROM (SELECT row_number() OVER (ORDER BY units DESC)::int AS size
                     , sum(units) OVER (ORDER BY units DESC ROWS UNBOUNDED PRECEDING) AS units
                  FROM unnest(offered[(thing - 1) * places + 1:thing * places]) AS units) AS best;
    END LOOP;
    FOR size IN smallest..cardinality(useful) LOOP
        spots := ARRAY(SELECT generate_series(1, size));
        LOOP
            IF tries = 0 THEN
                RETURN inventory.useful_warehouses(wanted, offered, places);
            END IF;
            tries := tries - 1;
            SELECT bool_and(wanted[thing] <= (SELECT sum(offered[(thing - 1) * places + useful[spot]])
                                                FROM unnest(spots) AS spot))
              INTO fits
              FROM generate_series(1, cardinality(wanted)) AS thing;
            IF fits THEN
                RETURN ARRAY(SELECT useful[spot] FROM unnest(spots) AS spot ORDER BY spot);
            END IF;
            SELECT max(i) INTO movable FROM generate_series(1, size) AS i
             WHERE spots[i] < cardinality(useful) - size + i;
            EXIT WHEN movable IS NULL;
            spots := spots[1:movable - 1] || ARRAY(SELECT generate_series(spots[movable] + 1
                , spots[movable] + 1 + size - movable));
        END LOOP;
    END LOOP;
    RETURN useful;
END
$$;

-- Few warehouses, not surely the fewest: the place that gives most of what is still missing is taken
-- until nothing is missing, the first of equally useful ones; then, from the last on, each without
-- which the rest still does is left out.
CREATE FUNCTION inventory.useful_warehouses(wanted bigint[], offered int[], places int) RETURNS int[]
    LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    missing bigint[] := wanted;
    chosen int[] := '{}';
    best int;
    last int;
BEGIN
    LOOP
        SELECT gives.place INTO best
          FROM (SELECT candidate AS place
                     , sum(least(missing[thing], offered[(thing - 1) * places + candidate])) AS gain
                  FROM generate_series(1, places) AS candidate
                 CROSS JOIN generate_series(1, cardinality(wanted)) AS thing
                 WHERE candidate <> ALL (chosen)
                 GROUP BY candidate) AS gives
         WHERE gives.gain > 0
         ORDER BY gives.gain DESC, gives.place LIMIT 1;
        EXIT WHEN best IS NULL;
        chosen := chosen || best;
        missing := ARRAY(
            SELECT greatest(0, missing[thing] - offered[(thing - 1) * places + best])
              FROM generate_series(1, cardinality(wanted)) AS thing ORDER BY thing);
    END LOOP;
    chosen := ARRAY(SELECT spot FROM unnest(chosen) AS spot ORDER BY spot);
    FOREACH last IN ARRAY ARRAY(SELECT spot FROM unnest(chosen) AS spot ORDER BY spot DESC) LOOP
        IF (SELECT bool_and(wanted[thing] <= (
                    SELECT coalesce(sum(offered[(thing - 1) * places + spot]), 0)
                      FROM unnest(array_remove(chosen, last)) AS spot))
              FROM generate_series(1, cardinality(wanted)) AS thing)
        THEN
            chosen := array_remove(chosen, last);
        END IF;
    END LOOP;
    RETURN chosen;
END
$$;

REVOKE EXECUTE ON FUNCTION inventory.sourcing()
    , inventory.kilometres(double precision, double precision, double precision, double precision)
    , inventory.useful_warehouses(bigint[], int[], int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION inventory.sourcing()
    , inventory.kilometres(double precision, double precision, double precision, double precision)
    , inventory.useful_warehouses(bigint[], int[], int) TO oxcart_app;
