//! The module graph: which modules import each other in cycles, with all their places, and in which order the others are.

use std::collections::VecDeque;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

/// Modules as dense numbers; an edge leads from a module to its import and carries the import's place in the list.
pub(crate) struct Graph(DiGraph<(), u32>);

/// One way around a cycle: each module with the place in its imports that leads to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cycle(pub(crate) Vec<(u32, u32)>);

impl Graph {
    /// The graph of `imports`, which lists for each module the modules it imports, each with its place in the list.
    pub(crate) fn new(imports: &[Vec<(u32, u32)>]) -> Graph {
        let edges = imports.iter().map(Vec::len).sum();
        let mut graph = DiGraph::with_capacity(imports.len(), edges);
        for _ in imports {
            graph.add_node(());
        }
        for (module, imports) in imports.iter().enumerate() {
            for (place, import) in imports {
                graph.add_edge(NodeIndex::new(module), NodeIndex::new(*import as usize), *place);
            }
        }
        Graph(graph)
    }

    /// The knots, each after those that it imports, and one shortest cycle of every knot that has one. A knot is the
    /// modules from which ways of imports lead to each other; a module that is in no cycle is one alone.
    pub(crate) fn knots(&self) -> (Vec<Vec<u32>>, Vec<Cycle>) {
        let (mut knots, mut cycles) = (Vec::with_capacity(self.0.node_count()), Vec::new());
        for mut knot in kosaraju_scc(&self.0) {
            knot.sort_unstable();
            cycles.extend(knot.first().and_then(|start| self.shortest_cycle(*start, &knot)));
            knots.push(knot.into_iter().map(|module| module.index() as u32).collect());
        }
        cycles.sort_by_key(|cycle| cycle.0[0].0);
        (knots, cycles)
    }

    /// For each module the modules that import it.
    pub(crate) fn dependents(&self) -> Vec<Vec<u32>> {
        let mut dependents = vec![Vec::new(); self.0.node_count()];
        for edge in self.0.edge_references() {
            dependents[edge.target().index()].push(edge.source().index() as u32);
        }
        dependents
    }

    /// The shortest way from a module back to itself within a sorted knot; `None` for a module alone that does not import
    /// itself.
    fn shortest_cycle(&self, start: NodeIndex, knot: &[NodeIndex]) -> Option<Cycle> {
        if let [alone] = knot
            && self.0.find_edge(*alone, *alone).is_none()
        {
            return None;
        }
        let mut came_from: Vec<Option<(NodeIndex, u32)>> = vec![None; self.0.node_count()];
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            // petgraph lists the newest edge first; the imports' own order gives the report that a reader expects.
            let mut edges: Vec<_> = self.0.edges(node).map(|edge| (*edge.weight(), edge.target())).collect();
            edges.sort_unstable();
            for (place, next) in edges {
                if next == start {
                    let mut path = vec![(node.index() as u32, place)];
                    let mut at = node;
                    while let Some((previous, place)) = came_from[at.index()] {
                        path.push((previous.index() as u32, place));
                        at = previous;
                    }
                    path.reverse();
                    return Some(Cycle(path));
                }
                if knot.binary_search(&next).is_ok() && came_from[next.index()].is_none() {
                    came_from[next.index()] = Some((node, place));
                    queue.push_back(next);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Cycle, Graph};

    fn graph(imports: &[Vec<u32>]) -> Graph {
        let placed = |imports: &Vec<u32>| imports.iter().enumerate().map(|(place, id)| (place as u32, *id)).collect();
        Graph::new(&imports.iter().map(placed).collect::<Vec<_>>())
    }

    #[test]
    fn an_order_follows_the_imports() {
        let imports = vec![vec![1, 2], vec![3], vec![3], vec![]];
        let (knots, cycles) = graph(&imports).knots();
        assert_eq!((knots.len(), cycles), (4, Vec::new()));
        let place = |module: u32| knots.iter().position(|knot| *knot == [module]).unwrap();
        for (module, imports) in imports.iter().enumerate() {
            for import in imports {
                assert!(place(*import) < place(module as u32));
            }
        }
    }

    #[test]
    fn every_knot_gives_its_shortest_cycle() {
        type Case = (Vec<Vec<u32>>, Vec<Vec<u32>>, Vec<Cycle>);
        let cases: [Case; 3] = [
            (vec![vec![0]], vec![vec![0]], vec![Cycle(vec![(0, 0)])]),
            (
                vec![vec![3, 1], vec![2], vec![0], vec![]],
                vec![vec![3], vec![0, 1, 2]],
                vec![Cycle(vec![(0, 1), (1, 0), (2, 0)])],
            ),
            (
                vec![vec![1, 3], vec![2, 0], vec![1], vec![4], vec![3]],
                vec![vec![3, 4], vec![0, 1, 2]],
                vec![Cycle(vec![(0, 0), (1, 1)]), Cycle(vec![(3, 0), (4, 0)])],
            ),
        ];
        for (imports, knots, cycles) in cases {
            assert_eq!(graph(&imports).knots(), (knots, cycles));
        }
    }
}
