/// Documents like those that services send.
enum Samples {
    /// Records of users with members that a gateway removes and renames.
    static func users(bytes: Int, isPretty: Bool) -> [UInt8] {
        var text = "{\"users\":["
        var index = 0
        while text.utf8.count < bytes {
            if index > 0 { text += "," }
            var record = """
                {"id":"usr_\(index)f3a","internal_id":\(1000 + index),"email_address":"user\(index)@example.com",\
                "name":{"first":"Alice","last":"Chen \\u00e9"},"db_shard":"eu-west-\(index % 4)","active":true,\
                "balance":\(index).50,"tags":["premium","beta"],"address":null}
                """
            if isPretty {
                record = record.replacing(",", with: ",\n            ").replacing(":", with: ": ")
                record = "\n        " + record
            }
            text += record
            index += 1
        }
        return Array((text + "]}").utf8)
    }

    static func numbers(bytes: Int) -> [UInt8] {
        var text = "["
        var index = 0
        while text.utf8.count < bytes {
            text += "\(index > 0 ? "," : "")\(index * 7919).\(index % 1000 + 1)"
            index += 1
        }
        return Array((text + "]").utf8)
    }

    static func text(bytes: Int) -> [UInt8] {
        let line = "\"Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему.\""
        var text = "[" + line
        while text.utf8.count < bytes { text += "," + line }
        return Array((text + "]").utf8)
    }
}
