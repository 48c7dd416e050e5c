/// The script that decides all limits of a request inside Redis or Valkey: one round trip, one step, by the server's
/// own clock, so that any number of gateways on one server admit exactly the limit.
///
/// `KEYS` are the limits' keys, `ARGV` five numbers for each, in the same order: kind, limit, window in microseconds,
/// burst, dry run; and behind them for how many requests is asked. It asks every limit first and writes only when all
/// admit. The answer is one flat list of integers: how many requests are admitted, at most as many as were asked for, and
/// for each limit whether it admits, what remains, the epoch second of its reset and the seconds to wait.
///
/// Asked for less than none, it gives back what as many requests were charged, as far as it still counts: in a cluster,
/// where the limits of one request may live in several places, one that refuses makes the others take theirs back.
///
/// The rules are those of `BucketState` and `WindowState`, in microseconds: times and their products stay below 2^53,
/// where Lua's numbers are whole. Each key expires when its state no longer matters.
package enum LimitScript {
    /// What `kind` is in `ARGV`.
    enum Kind: Int {
        case tokenBucket = 1
        case slidingWindow = 2
        case day = 3
        case month = 4
    }

    package static let text = """
        local clock = redis.call('TIME')
        local second = tonumber(clock[1])
        local now = second * 1000000 + tonumber(clock[2])

        local function whole(number) return string.format('%.0f', number) end
        local function up(micros) return math.ceil(micros / 1000000) end

        -- The day on which the month after this one begins; days and months as in CalendarPeriod.
        local function next_month(day)
          local shifted = day + 719468
          local era = math.floor(shifted / 146097)
          local in_era = shifted % 146097
          local year = math.floor((in_era - math.floor(in_era / 1460) + math.floor(in_era / 36524)
            - math.floor(in_era / 146096)) / 365)
          local in_year = in_era - (365 * year + math.floor(year / 4) - math.floor(year / 100))
          local month = math.floor((5 * in_year + 2) / 153) + 1
          year = year + era * 400
          if month == 12 then month = 0; year = year + 1 end
          era = math.floor(year / 400)
          local of_era = year % 400
          return era * 146097 + of_era * 365 + math.floor(of_era / 4) - math.floor(of_era / 100)
            + math.floor((153 * month + 2) / 5) - 719468
        end

        -- Two numbers kept under a key; nothing where it holds anything else.
        local function pair(key)
          local kept = redis.call('GET', key)
          if not kept then return end
          local a, b = string.match(kept, '^(%d+) (%d+)$')
          a, b = tonumber(a), tonumber(b)
          if a and b then return a, b end
        end

        local function keep(key, a, b, life)
          redis.call('SET', key, whole(a) .. ' ' .. whole(b), 'PX', life)
        end

        -- So many steps of a bucket, exactly: whole microseconds, and parts of which `limit` make one.
        local function steps_of(limit, window, count)
          local step, part = math.floor(window / limit), window % limit
          return count * step + math.floor(count * part / limit), (count * part) % limit
        end

        local function bucket(key, limit, window, burst)
          local function steps(count) return steps_of(limit, window, count) end
          local step, step_part = steps(1)
          local room, room_part = steps(burst)
          local time, part = now, 0
          local a, b = pair(key)
          if a and a >= now then time, part = a, b end
          local after, after_part = time + step, part + step_part
          if after_part >= limit then after, after_part = after + 1, after_part - limit end
          local ahead = after - now
          if ahead > room or (ahead == room and after_part > room_part) then
            local wait = ahead - room
            if after_part > room_part then wait = wait + 1 end
            local full = time
            if part > 0 then full = full + 1 end
            return {false, 0, up(full), math.max(up(wait), 1)}
          end
          local left, left_part = room - ahead, room_part - after_part
          if left_part < 0 then left, left_part = left - 1, left_part + limit end
          -- The quotient in floating point may be off by one.
          local function reaches(count)
            local need, need_part = steps(count)
            return need < left or (need == left and need_part <= left_part)
          end
          local rest = math.floor((left + left_part / limit) * limit / window)
          while rest > 0 and not reaches(rest) do rest = rest - 1 end
          while reaches(rest + 1) do rest = rest + 1 end
          return {true, rest, up(after_part > 0 and after + 1 or after), 0, function(count)
            local more, more_part = steps(count - 1)
            local till, till_part = after + more, after_part + more_part
            if till_part >= limit then till, till_part = till + 1, till_part - limit end
            local full = till
            if till_part > 0 then full = full + 1 end
            keep(key, till, till_part, math.floor((full - now) / 1000) + 1000)
            return up(full)
          end}
        end

        local function refill(key, limit, window, count)
          local time, part = pair(key)
          if not time then return end
          local less, less_part = steps_of(limit, window, count)
          time, part = time - less, part - less_part
          if part < 0 then time, part = time - 1, part + limit end
          if time < now then return redis.call('DEL', key) end
          keep(key, time, part, math.floor((time - now) / 1000) + 1001)
        end

        local function width_of(limit, window)
          if limit > 64 then return math.floor((window - 1) / 63) + 1 end
          return 1
        end

        local function parts_of(key)
          local kept = redis.call('GET', key)
          if kept then
            local done, list = pcall(cmsgpack.unpack, kept)
            if done and type(list) == 'table' then return list end
          end
          return {}
        end

        local function keep_parts(key, list, left)
          redis.call('SET', key, cmsgpack.pack(list), 'PX', math.floor(left / 1000) + 1000)
        end

        local function window_of(key, limit, window)
          local width = width_of(limit, window)
          local parts, total, first = parts_of(key), 0, 1
          local function leaves(part) return (part + 1) * width - 1 + window end
          while parts[first] and leaves(parts[first]) <= now do first = first + 2 end
          for place = first + 1, #parts, 2 do total = total + parts[place] end
          if total >= limit then
            return {false, 0, up(leaves(parts[#parts - 1])), math.max(up(leaves(parts[first]) - now), 1)}
          end
          local part = math.floor(now / width)
          local last = #parts - 1
          if last >= first and parts[last] > part then part = parts[last] end
          return {true, limit - total - 1, up(leaves(part)), 0, function(count)
            local list = {}
            for place = first, #parts do list[#list + 1] = parts[place] end
            if list[#list - 1] == part then
              list[#list] = list[#list] + count
            else
              list[#list + 1] = part
              list[#list + 1] = count
            end
            keep_parts(key, list, leaves(part) - now)
            return up(leaves(part))
          end}
        end

        -- From the newest part: the one that was charged last.
        local function widen(key, limit, window, count)
          local list = parts_of(key)
          while count > 0 and #list > 1 do
            local taken = math.min(count, list[#list])
            list[#list] = list[#list] - taken
            count = count - taken
            if list[#list] == 0 then
              list[#list] = nil
              list[#list] = nil
            end
          end
          if #list < 2 then return redis.call('DEL', key) end
          local left = (list[#list - 1] + 1) * width_of(limit, window) - 1 + window - now
          if left > 0 then keep_parts(key, list, left) else redis.call('DEL', key) end
        end

        local function quota(key, limit, monthly)
          local day = math.floor(second / 86400)
          local ends = (monthly and next_month(day) or day + 1) * 86400
          local used = 0
          local a, b = pair(key)
          if a and a > second then used, ends = b, math.max(a, ends) end
          if used >= limit then return {false, 0, ends, math.max(ends - second, 1)} end
          return {true, limit - used - 1, ends, 0, function(count)
            keep(key, ends, used + count, (ends - second) * 1000 + 1000)
            return ends
          end}
        end

        local function uncount(key, count)
          local ends, used = pair(key)
          if ends and ends > second then keep(key, ends, math.max(used - count, 0), (ends - second) * 1000 + 1000) end
        end

        local wanted = tonumber(ARGV[#KEYS * 5 + 1])
        if wanted < 0 then
          for place, key in ipairs(KEYS) do
            local at = (place - 1) * 5
            local kind, limit, window = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
            if kind == 1 then refill(key, limit, window, -wanted)
            elseif kind == 2 then widen(key, limit, window, -wanted)
            else uncount(key, -wanted) end
          end
          return {0}
        end

        local admitted, found = wanted, {}
        for place, key in ipairs(KEYS) do
          local at = (place - 1) * 5
          local kind, limit, window = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
          local one
          if kind == 1 then one = bucket(key, limit, window, tonumber(ARGV[at + 4]))
          elseif kind == 2 then one = window_of(key, limit, window)
          else one = quota(key, limit, kind == 4) end
          -- A limit in dry run that refuses is asked for each request by itself, so that each is noticed.
          if one[1] then admitted = math.min(admitted, one[2] + 1)
          elseif ARGV[at + 5] == '0' then admitted = 0
          else admitted = math.min(admitted, 1) end
          found[place] = one
        end
        local answer = {admitted}
        for _, one in ipairs(found) do
          local left, reset = one[2], one[3]
          if one[1] then
            left = left - math.max(admitted, 1) + 1
            if admitted > 0 then reset = one[5](admitted) end
          end
          answer[#answer + 1] = one[1] and 1 or 0
          answer[#answer + 1] = left
          answer[#answer + 1] = reset
          answer[#answer + 1] = one[4]
        end
        return answer
        """
}
