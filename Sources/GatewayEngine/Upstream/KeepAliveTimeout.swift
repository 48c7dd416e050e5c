/// Reads the `timeout` parameter of a `Keep-Alive` field (RFC 2068 §19.7.1.1): how long a server keeps an idle connection.
enum KeepAliveTimeout {
    /// The number of seconds; nil when there is none that makes sense.
    static func seconds(_ value: Span<UInt8>) -> Int? {
        let name: InlineArray<8, UInt8> = [0x74, 0x69, 0x6D, 0x65, 0x6F, 0x75, 0x74, 0x3D]  // "timeout="
        var start = 0
        while start + name.count < value.count {
            var length = 0
            while length < name.count, value[start + length] | (length < 7 ? 0x20 : 0) == name[length] { length += 1 }
            let beginsWord =
                start == 0 || value[start - 1] == 0x20 || value[start - 1] == 0x2C || value[start - 1] == 0x09
            if length == name.count && beginsWord { return number(value, from: start + length) }
            start += 1
        }
        return nil
    }

    private static func number(_ value: Span<UInt8>, from start: Int) -> Int? {
        var number = 0
        var index = start
        while index < value.count, value[index] >= 0x30, value[index] <= 0x39 {
            number = number * 10 + Int(value[index] - 0x30)
            if number > 86_400 { return 86_400 }
            index += 1
        }
        return index == start ? nil : number
    }
}
