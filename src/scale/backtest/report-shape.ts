/** The part of the report writer's plain data that a back-test uses; this module does not know the writer. */

export type FigureUnit = 'number' | 'ratio' | 'times' | 'ms' | 'hours' | 'count';

export interface ReportTable {
  readonly kind: 'table';
  readonly title: string;
  readonly caption: string;
  readonly rowHeading: string;
  readonly columns: readonly {
    readonly label: string;
    readonly unit: FigureUnit;
    readonly better?: 'higher' | 'lower';
    readonly signed?: boolean;
  }[];
  readonly rows: readonly {
    readonly label: string;
    readonly group: string;
    readonly cells: readonly (number | null)[];
  }[];
}

export interface ReportLines {
  readonly kind: 'lines';
  readonly title: string;
  readonly caption: string;
  readonly x: { readonly label: string; readonly unit: FigureUnit };
  readonly y: { readonly label: string; readonly unit: FigureUnit };
  readonly series: readonly {
    readonly name: string;
    readonly x: readonly number[];
    readonly y: readonly number[];
    readonly style: 'step' | 'area';
  }[];
}

/** Fits the `Report` of `tenfold/dashboard`. */
export interface BacktestReport {
  readonly title: string;
  readonly subtitle: string;
  readonly blocks: readonly (
    | ReportTable
    | {
        readonly kind: 'tabs';
        readonly label: string;
        readonly tabs: readonly {
          readonly label: string;
          readonly blocks: readonly ReportLines[];
        }[];
      }
  )[];
  readonly provenance: {
    readonly command: string;
    readonly facts: Readonly<Record<string, string | number>>;
  };
}
