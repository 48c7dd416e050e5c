/// The script that decides all limits of a request inside Redis or Valkey: one round trip, one step, by the server's
/// own clock, so that any number of gateways on one server admit exactly the limit.
///
/// `KEYS` are the limits' keys, `ARGV` five numbers for each, in the same order: kind, limit, window in microseconds,
/// burst, dry run. It asks every limit first and writes only when all admit. The answer is one flat list of integers:
/// whether the request is admitted, and for each limit whether it admits, what remains, the epoch second of its reset
/// and the seconds to wait.
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

        local function bucket(key, limit, window, burst)
          local step, step_part = math.floor(window / limit), window % limit
          -- So many steps, exactly: whole microseconds, and parts of which `limit` make one.
          local function steps(count)
            return count * step + math.floor(count * step_part / limit), (count * step_part) % limit
          end
          local room, room_part = steps(burst)
          local time, part = now, 0
          local kept = redis.call('GET', key)
          if kept then
            local a, b = string.match(kept, '^(%d+) (%d+)$')
            a, b = tonumber(a), tonumber(b)
            if a and b and a >= now then time, part = a, b end
          end
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
          local full = after
          if after_part > 0 then full = full + 1 end
          return {true, rest, up(full), 0, function()
            local life = math.floor((full - now) / 1000) + 1000
            redis.call('SET', key, whole(after) .. ' ' .. whole(after_part), 'PX', life)
          end}
        end

        local function window_of(key, limit, window)
          local width = 1
          if limit > 64 then width = math.floor((window - 1) / 63) + 1 end
          local parts, total, first = {}, 0, 1
          local kept = redis.call('GET', key)
          if kept then
            local done, list = pcall(cmsgpack.unpack, kept)
            if done and type(list) == 'table' then parts = list end
          end
          local function leaves(part) return (part + 1) * width - 1 + window end
          while parts[first] and leaves(parts[first]) <= now do first = first + 2 end
          for place = first + 1, #parts, 2 do total = total + parts[place] end
          if total >= limit then
            return {false, 0, up(leaves(parts[#parts - 1])), math.max(up(leaves(parts[first]) - now), 1)}
          end
          local part = math.floor(now / width)
          local last = #parts - 1
          if last >= first and parts[last] > part then part = parts[last] end
          return {true, limit - total - 1, up(leaves(part)), 0, function()
            local list = {}
            for place = first, #parts do list[#list + 1] = parts[place] end
            if list[#list - 1] == part then
              list[#list] = list[#list] + 1
            else
              list[#list + 1] = part
              list[#list + 1] = 1
            end
            redis.call('SET', key, cmsgpack.pack(list), 'PX', math.floor((leaves(part) - now) / 1000) + 1000)
          end}
        end

        local function quota(key, limit, monthly)
          local day = math.floor(second / 86400)
          local ends = (monthly and next_month(day) or day + 1) * 86400
          local used = 0
          local kept = redis.call('GET', key)
          if kept then
            local a, b = string.match(kept, '^(%d+) (%d+)$')
            a, b = tonumber(a), tonumber(b)
            if a and b and a > second then used, ends = b, math.max(a, ends) end
          end
          if used >= limit then return {false, 0, ends, math.max(ends - second, 1)} end
          return {true, limit - used - 1, ends, 0, function()
            redis.call('SET', key, whole(ends) .. ' ' .. whole(used + 1), 'PX', (ends - second) * 1000 + 1000)
          end}
        end

        local admitted, found = 1, {}
        for place, key in ipairs(KEYS) do
          local at = (place - 1) * 5
          local kind, limit, window = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
          local one
          if kind == 1 then one = bucket(key, limit, window, tonumber(ARGV[at + 4]))
          elseif kind == 2 then one = window_of(key, limit, window)
          else one = quota(key, limit, kind == 4) end
          if not one[1] and ARGV[at + 5] == '0' then admitted = 0 end
          found[place] = one
        end
        local answer = {admitted}
        for _, one in ipairs(found) do
          if admitted == 1 and one[1] then one[5]() end
          answer[#answer + 1] = one[1] and 1 or 0
          answer[#answer + 1] = one[2]
          answer[#answer + 1] = one[3]
          answer[#answer + 1] = one[4]
        end
        return answer
        """
}
