-- Sends one token after the other, each in a request of its own; the file with them is the script's argument.
local requests, turn = {}, 0

function init(arguments)
    for token in io.lines(arguments[1]) do
        requests[#requests + 1] = wrk.format("GET", nil, { ["Authorization"] = "Bearer " .. token })
    end
end

function request()
    turn = turn % #requests + 1
    return requests[turn]
end

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "summary.lua")
