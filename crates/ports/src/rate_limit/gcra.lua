-- One request of one subject. KEYS[1]: its bucket, the time in microseconds at which it will be full.
-- ARGV: microseconds after which one request comes back; how many there are.
-- Answers: 1 or 0 (may pass), how many are left, microseconds until one may pass.
local per, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local window = per * burst
-- How much of the bucket is used, as the time it takes to come back.
local used = (tonumber(redis.call('GET', KEYS[1]) or now) or now) - now
-- A clock that was set back does not lock anybody out for longer than a window.
used = math.min(math.max(used, 0), window)
if used + per > window then
  return {0, 0, used + per - window}
end
used = used + per
redis.call('SET', KEYS[1], string.format('%.0f', now + used), 'PX', string.format('%.0f', math.ceil(used / 1000)))
return {1, math.floor((window - used) / per), 0}
