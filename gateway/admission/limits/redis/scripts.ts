/**
 * What runs inside Redis or Valkey, each in one atomic step. Times are microseconds of that server, so that all gateways
 * measure by one clock.
 *
 * A rate is kept as the window of sliding-window.ts: a packed list of slots {time of the first entry, time of the last,
 * amount}, oldest first, of which the first time is the slot's name for ever. Parallel calls are a sorted set of the calls
 * that run, each by the time at which its lease ends: what a dead gateway held is free then.
 */
const common = `
local WINDOW, SLOT = 60000000, 500000
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end
local function load(key, now)
  local packed = redis.call('GET', key)
  local slots = packed and cmsgpack.unpack(packed) or {}
  local first = 1
  while slots[first] and slots[first][2] + WINDOW <= now do first = first + 1 end
  local kept, used = {}, 0
  for index = first, #slots do
    kept[#kept + 1] = slots[index]
    used = used + slots[index][3]
  end
  return kept, used
end
local function save(key, slots)
  if #slots == 0 then redis.call('DEL', key)
  else redis.call('SET', key, cmsgpack.pack(slots), 'PX', 61000) end
end
`;

/**
 * Counts a call on every limit, or on none. KEYS: counters. ARGV: name of the call, lease in microseconds, then for each
 * counter its type (`p` for parallel, else `r`), limit and amount. Answers {1, used of each, positions}, or
 * {0, index from 1, used, microseconds to wait: -1 when nobody knows, -2 when it never fits}.
 */
export const TAKE = `${common}
local now, name, lease = clock(), ARGV[1], tonumber(ARGV[2])
local refused, longest
local loaded, used = {}, {}
for index, key in ipairs(KEYS) do
  local at = index * 3
  local limit, amount = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local wait = 0
  if ARGV[at] == 'p' then
    redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now))
    used[index] = redis.call('ZCARD', key)
    if used[index] + amount > limit then wait = amount > limit and -2 or -1 end
  else
    loaded[index], used[index] = load(key, now)
    local over = used[index] + amount - limit
    if over > 0 then
      wait = -2
      for _, slot in ipairs(loaded[index]) do
        over = over - slot[3]
        if over <= 0 then wait = slot[2] + WINDOW - now break end
      end
    end
  end
  if wait ~= 0 then
    local length = wait == -2 and math.huge or wait == -1 and 0 or wait
    if not refused or length > longest then refused, longest = {0, index, used[index], wait}, length end
  end
end
if refused then return refused end
local positions = {}
for index, key in ipairs(KEYS) do
  local amount = tonumber(ARGV[index * 3 + 2])
  used[index] = used[index] + amount
  if ARGV[index * 3] == 'p' then
    redis.call('ZADD', key, string.format('%.0f', now + lease), name)
    redis.call('PEXPIRE', key, math.ceil(lease / 1000))
    positions[index] = 0
  else
    local slots = loaded[index]
    local newest = slots[#slots]
    if newest and now - newest[1] < SLOT then
      newest[2], newest[3] = math.max(now, newest[2]), newest[3] + amount
    else
      newest = {now, now, amount}
      slots[#slots + 1] = newest
    end
    save(key, slots)
    positions[index] = newest[1]
  end
end
return {1, used, positions}
`;

/** Adds to what was counted in a slot, which may have left the window. KEYS: counters. ARGV: position and amount of each. */
export const SETTLE = `${common}
local now = clock()
for index, key in ipairs(KEYS) do
  local position, amount = tonumber(ARGV[index * 2 - 1]), tonumber(ARGV[index * 2])
  local slots = load(key, now)
  for _, slot in ipairs(slots) do
    if slot[1] == position then slot[3] = slot[3] + amount end
  end
  save(key, slots)
end
`;

/** Ends calls. KEYS: parallel counters. ARGV: the name of the call. */
export const LEAVE = `for _, key in ipairs(KEYS) do redis.call('ZREM', key, ARGV[1]) end`;

/** Renews leases of calls that run. KEYS: parallel counters. ARGV: lease in microseconds, then the name of each call. */
export const RENEW = `${common}
local lease = tonumber(ARGV[1])
local ends = string.format('%.0f', clock() + lease)
for index, key in ipairs(KEYS) do
  redis.call('ZADD', key, ends, ARGV[index + 1])
  redis.call('PEXPIRE', key, math.ceil(lease / 1000))
end
`;
