/// Columns as wide as their widest cell, two spaces between them; the last one is not padded.
struct TextTable {
    private var rows: [[String]]
    /// Paints a cell; its width is that of the plain text.
    private var paints: [[Paint?]]

    init(_ titles: String...) {
        rows = [titles]
        paints = [titles.map { _ in .quiet }]
    }

    var isEmpty: Bool { rows.count == 1 }

    mutating func add(_ cells: (String, Paint?)...) {
        rows.append(cells.map(\.0))
        paints.append(cells.map(\.1))
    }

    func lines(colour: Bool) -> [String] {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return zip(rows, paints).map { row, paints in
            row.indices.map { column in
                let text = row[column]
                let isLast = column == row.count - 1
                let padding = isLast ? "" : String(repeating: " ", count: widths[column] - text.count + 2)
                return (paints[column]?(text, colour) ?? text) + padding
            }.joined()
        }
    }
}
