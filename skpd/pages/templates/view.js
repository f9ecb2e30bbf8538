"use strict";
/* Draws a recording: layers (the whole, and stretches in detail) and a timeline of windows, on one axis of time. */
(() => {
  const data = JSON.parse(document.getElementById("recording").textContent);
  const viewer = document.getElementById("viewer");
  const readout = viewer.querySelector("output");
  const LEFT = 46, RIGHT = 6, BOTTOM = 20, TOP = 4;
  const HEIGHTS = { overview: 56, signal: 250, spectrogram: 220, spectrum: 150, shares: 84, probabilities: 120, amplitude: 140, frequency: 110 };
  const INK = "#1f2328", MUTED = "#5c646d", GRID = "#e4e7eb", ACCENT = "#0072b2", FLAG = "#8a5a00";
  const FONT = '12px "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
  const LEAST = Math.min(1, data.duration);
  let view = [0, data.duration], hover = null;

  /* Numbers. */
  const decode = (text, type) => {
    const bytes = atob(text), array = new Uint8Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) array[i] = bytes.charCodeAt(i);
    return new type(array.buffer);
  };
  for (const layer of data.layers) {
    layer.end = layer.start + layer.n * layer.step;
    // Stretches in detail are unpacked when they are looked at.
    layer.unpack = () => {
      if (layer.numbers) return;
      layer.numbers = decode(layer.values, Int16Array);
      layer.power = decode(layer.spectrum.values, Uint8Array);
      layer.values = layer.spectrum.values = null;
    };
  }
  data.layers[0].unpack();
  const timeline = data.timeline;
  for (const name of ["shares", "probabilities", "amplitude", "frequency", "flags"])
    if (timeline[name]) timeline[name] = decode(timeline[name], Float32Array);

  /* Time. */
  const pad = n => String(n).padStart(2, "0");
  const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800];
  const clockText = (t, step) => {
    const day = data.clock === null ? null : new Date(data.clock + t * 1000);
    if (day === null && data.duration < 600) return `${+t.toFixed(step < 1 ? 1 : 0)} s`;
    const s = day === null ? t : day.getUTCHours() * 3600 + day.getUTCMinutes() * 60 + day.getUTCSeconds() + day.getUTCMilliseconds() / 1000;
    const whole = Math.floor(s + 1e-6), hours = Math.floor(whole / 3600) % 24;
    if (step >= 86400 || (step >= 3600 && whole % 86400 === 0))
      return day === null ? `day ${Math.floor(t / 86400 + 1e-6) + 1}` : `${DAYS[day.getUTCDay()]} ${day.getUTCDate()}`;
    const text = `${pad(hours)}:${pad(Math.floor(whole / 60) % 60)}`;
    return step < 60 ? `${text}:${pad(whole % 60)}${step < 1 ? (s % 1).toFixed(1).slice(1) : ""}` : text;
  };
  const fullText = t => {
    const text = clockText(t, data.duration < 600 && data.clock === null ? 0.5 : 1);
    if (data.duration <= 86400) return text;
    if (data.clock === null) return `day ${Math.floor(t / 86400) + 1}, ${text}`;
    const day = new Date(data.clock + t * 1000);
    return `${DAYS[day.getUTCDay()]} ${day.getUTCDate()}, ${text}`;
  };
  const ticks = (from, to, width) => {
    const step = STEPS.find(s => (to - from) / s <= width / 78) || 86400 * Math.ceil((to - from) / 86400 / (width / 78));
    const offset = data.clock === null ? 0 : (data.clock / 1000) % 86400;
    const found = [];
    for (let k = Math.ceil((from + offset) / step); k * step - offset <= to; k++) found.push(k * step - offset);
    return [found, t => clockText(t, step)];
  };

  /* Panels. */
  const panels = {};
  for (const canvas of viewer.querySelectorAll("canvas")) panels[canvas.dataset.panel] = { canvas };
  const pen = (panel, name, range) => {
    const { canvas } = panel, ratio = window.devicePixelRatio || 1;
    const height = name === "flags" ? 10 + BOTTOM + 18 * timeline.flag_names.length : HEIGHTS[name];
    const width = canvas.clientWidth;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    canvas.style.height = `${height}px`;
    const ctx = canvas.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    ctx.font = FONT;
    const box = { left: LEFT, top: TOP, width: width - LEFT - RIGHT, height: height - TOP - BOTTOM };
    const x = t => box.left + (t - range[0]) / (range[1] - range[0]) * box.width;
    // Of the spectrum the axis is frequency.
    const [marks, write] = name === "spectrum" ? [[0, 3, 6, 9, 12, 15], f => `${f} Hz`] : ticks(range[0], range[1], box.width);
    ctx.fillStyle = MUTED;
    ctx.strokeStyle = GRID;
    ctx.lineWidth = 1;
    ctx.textAlign = "center";
    ctx.textBaseline = "alphabetic";
    for (const t of marks) {
      const at = Math.round(x(t)) + 0.5;
      ctx.beginPath();
      ctx.moveTo(at, box.top);
      ctx.lineTo(at, box.top + box.height);
      ctx.stroke();
      const text = write(t), half = ctx.measureText(text).width / 2;
      ctx.fillText(text, Math.min(Math.max(at, half), width - half), height - 5);
    }
    return { ctx, box, x, range };
  };
  const axis = ({ ctx, box }, values, y) => {
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    for (const value of values) {
      const at = Math.round(y(value)) + 0.5;
      ctx.strokeStyle = GRID;
      ctx.beginPath();
      ctx.moveTo(box.left, at);
      ctx.lineTo(box.left + box.width, at);
      ctx.stroke();
      ctx.fillStyle = MUTED;
      ctx.fillText(String(value).replace("-", "\u2212"), box.left - 6, Math.min(Math.max(at, box.top + 6), box.top + box.height - 4));
    }
  };
  const clip = ({ ctx, box }, draw) => {
    ctx.save();
    ctx.beginPath();
    ctx.rect(box.left, box.top, box.width, box.height);
    ctx.clip();
    draw();
    ctx.restore();
  };
  const nice = (low, high, n) => {
    const rough = (high - low) / n, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find(m => m * power >= rough), found = [];
    for (let k = Math.ceil(low / step); k * step <= high; k++) found.push(+(k * step).toPrecision(6));
    return found;
  };
  /* Cells of a series in the range shown: [first, last, from, to] in bins and seconds, no more than there are pixels. */
  const cells = (series, range, width) => {
    const first = Math.max(0, Math.floor((range[0] - series.start) / series.step));
    const last = Math.min(series.n, Math.ceil((range[1] - series.start) / series.step) + 1);
    const per = Math.max(1, Math.ceil((range[1] - range[0]) / series.step / width)), found = [];
    for (let i = first - first % per; i < last; i += per)
      found.push([i, Math.min(series.n, i + per), series.start + i * series.step, series.start + Math.min(series.n, i + per) * series.step]);
    return found;
  };
  const mean = (values, from, to) => {
    let sum = 0, n = 0;
    for (let i = from; i < to; i++) if (values[i] === values[i]) { sum += values[i]; n++; }
    return n ? sum / n : NaN;
  };
  /* The layers of a range: the whole, and detail where a bin of the whole is wider than a pixel. */
  const shown = (range, width, step) => {
    const fine = (range[1] - range[0]) / width < step;
    return data.layers.filter((layer, i) => i === 0 || (fine && layer.end > range[0] && layer.start < range[1]));
  };

  /* The lowest and highest value of a channel in a cell, in m/s^2. */
  const GAP = -32768, FULL = 32767;
  const extreme = (layer, channel, from, to) => {
    const numbers = layer.numbers, size = layer.raw ? 1 : 2, base = channel * layer.n * size;
    let low = Infinity, high = -Infinity;
    for (let i = base + from * size; i < base + to * size; i++) {
      const value = numbers[i];
      if (value === GAP) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (low > high) return null;
    const [a, b] = layer.extent[channel], scale = (b - a) / (2 * FULL);
    return [a + (low + FULL) * scale, a + (high + FULL) * scale];
  };
  /* A lane for each channel, all of one scale, each around the middle of what it shows: gravity takes no room. */
  const drawSignal = (p, lanes) => {
    const { ctx, box, x, range } = p, n = data.channels.length, whole = data.layers[0];
    const layers = shown(range, box.width, whole.step);
    const channels = data.channels.map((_, c) => {
      const pieces = [];
      let low = Infinity, high = -Infinity;
      for (const layer of layers) {
        layer.unpack();
        let parts = cells(layer, range, box.width);
        // What is known in detail takes the place of its envelope.
        if (layer === whole) parts = parts.filter(part => !layers.some(l => l !== whole && part[2] < l.end && part[3] > l.start));
        const values = parts.map(part => extreme(layer, c, part[0], part[1]));
        for (const v of values) if (v) { low = Math.min(low, v[0]); high = Math.max(high, v[1]); }
        pieces.push([parts, values, layer.raw && parts.length > 0 && parts[0][1] - parts[0][0] === 1]);
      }
      return { pieces, low, high };
    }).map(c => (c.low > c.high ? { ...c, low: 0, high: 0 } : c));
    const extent = Math.max(...channels.map(c => c.high - c.low), 0.02) * 1.12;
    channels.forEach(({ pieces, low, high }, c) => {
      const height = lanes ? box.height / n : box.height, top = lanes ? box.top + c * height : box.top;
      const middle = (low + high) / 2, y = v => top + height / 2 + (middle - v) / extent * height;
      if (lanes) axis({ ctx, box: { ...box, top, height } }, nice(middle - extent / 2.3, middle + extent / 2.3, 2), y);
      clip(p, () => {
        ctx.fillStyle = ctx.strokeStyle = lanes ? data.channels[c].color : MUTED;
        ctx.globalAlpha = lanes ? 1 : 0.45;
        ctx.lineWidth = 1.2;
        for (const [parts, values, fine] of pieces) {
          ctx.beginPath();
          values.forEach((v, i) => {
            if (!v) return;
            const before = values[i - 1];
            if (fine) {
              if (before) ctx.lineTo(x(parts[i][2]), y(v[0])); else ctx.moveTo(x(parts[i][2]), y(v[0]));
              return;
            }
            // Reaches its neighbour, as the line through all samples would.
            const floor = before ? Math.min(v[0], before[1]) : v[0], ceiling = before ? Math.max(v[1], before[0]) : v[1];
            const left = Math.round(x(parts[i][2]));
            ctx.fillRect(left, y(ceiling), Math.max(1, Math.round(x(parts[i][3])) - left), Math.max(1, y(floor) - y(ceiling)));
          });
          if (fine) ctx.stroke();
        }
        ctx.globalAlpha = 1;
      });
    });
  };

  const palette = Array.from({ length: 256 }, (_, i) => i ? data.scale[Math.round((i - 1) / 254 * (data.scale.length - 1))] : [238, 240, 243]);
  const decibel = byte => data.decibels[0] + (byte - 1) / 254 * (data.decibels[1] - data.decibels[0]);
  const drawSpectrogram = p => {
    const { ctx, box, x, range } = p;
    const top = 15, y = f => box.top + (1 - f / top) * box.height;
    ctx.fillStyle = "#eef0f3";
    ctx.fillRect(box.left, box.top, box.width, box.height);
    clip(p, () => {
      for (const layer of shown(range, box.width, data.layers[0].spectrum.step)) {
        const s = layer.spectrum;
        if (!s.n) continue;
        layer.unpack();
        const parts = cells({ start: s.start - s.step / 2, step: s.step, n: s.n }, range, box.width);
        if (!parts.length) continue;
        const picture = document.createElement("canvas");
        picture.width = parts.length;
        picture.height = s.rows;
        const pixels = new ImageData(parts.length, s.rows);
        parts.forEach(([from, to], column) => {
          for (let row = 0; row < s.rows; row++) {
            let most = 0;
            for (let i = from; i < to; i++) most = Math.max(most, layer.power[i * s.rows + row]);
            pixels.data.set([...palette[most], 255], 4 * ((s.rows - 1 - row) * parts.length + column));
          }
        });
        picture.getContext("2d").putImageData(pixels, 0, 0);
        const from = parts[0][2], to = parts[parts.length - 1][3];
        // A row is centred on its frequency.
        const high = y((s.rows - 0.5) * s.hertz), low = y(-0.5 * s.hertz);
        ctx.drawImage(picture, x(from), high, x(to) - x(from), low - high);
      }
      ctx.textBaseline = "middle";
      ctx.textAlign = "left";
      const edges = [...new Set(data.bands.flatMap(b => [b.low, b.high]))];
      ctx.lineWidth = 1;
      for (const edge of edges) {
        const at = Math.round(y(edge)) + 0.5;
        for (const [color, dash] of [["#fff", []], [INK, [4, 4]]]) {
          ctx.strokeStyle = color;
          ctx.setLineDash(dash);
          ctx.beginPath();
          ctx.moveTo(box.left, at);
          ctx.lineTo(box.left + box.width, at);
          ctx.stroke();
        }
      }
      ctx.setLineDash([]);
      for (const band of data.bands) {
        const at = y((band.low + band.high) / 2), width = ctx.measureText(band.title).width;
        ctx.fillStyle = "rgba(255, 255, 255, 0.85)";
        ctx.fillRect(box.left + 4, at - 9, width + 8, 18);
        ctx.fillStyle = INK;
        ctx.fillText(band.title, box.left + 8, at);
      }
    });
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    ctx.fillStyle = MUTED;
    for (const f of [0, 3, 6, 9, 12, 15]) ctx.fillText(String(f), box.left - 6, Math.max(y(f), box.top + 6));
  };

  /* The mean power of the time shown by frequency. */
  const drawSpectrum = p => {
    const { ctx, box, x } = p;
    let best = null;
    for (const layer of shown(view, box.width, data.layers[0].spectrum.step)) {
      const s = layer.spectrum, sums = new Float64Array(s.rows);
      layer.unpack();
      let n = 0;
      for (let i = Math.max(0, Math.ceil((view[0] - s.start) / s.step)); i < s.n && s.start + i * s.step <= view[1]; i++) {
        if (!layer.power[i * s.rows]) continue;
        n++;
        for (let row = 0; row < s.rows; row++) sums[row] += 10 ** (decibel(layer.power[i * s.rows + row]) / 10);
      }
      // Whichever layer has more columns in view says it best.
      if (n && (!best || n > best.n)) best = { n, hertz: s.hertz, values: Array.from(sums, v => 10 * Math.log10(v / n)) };
    }
    if (!best) return;
    // Below 1 Hz lies how the hand is held.
    const heard = best.values.filter((_, row) => row * best.hertz >= 1);
    const low = Math.min(...heard) - 2, top = Math.max(...heard) + 1, high = top + Math.max(4, 0.2 * (top - low));
    const y = v => box.top + (high - v) / (high - low) * box.height;
    data.bands.forEach((band, b) => {
      ctx.fillStyle = b % 2 ? "#f6f7f9" : "#eceff2";
      ctx.fillRect(x(band.low), box.top, x(band.high) - x(band.low), box.height);
    });
    // Above the curve is room for the names of the bands.
    axis(p, nice(low, top, 3), y);
    ctx.fillStyle = MUTED;
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    for (const band of data.bands) ctx.fillText(band.title, x((band.low + band.high) / 2), box.top + 3);
    clip(p, () => {
      ctx.strokeStyle = INK;
      ctx.lineWidth = 1.4;
      ctx.beginPath();
      best.values.forEach((v, row) => ctx.lineTo(x(row * best.hertz), y(v)));
      ctx.stroke();
    });
  };

  const drawStack = (p, values) => {
    const { ctx, box, x, range } = p, k = data.classes.length, n = timeline.n;
    axis(p, [0, 0.5, 1], v => box.top + (1 - v) * box.height);
    clip(p, () => {
      for (const [from, to, begin, end] of cells(timeline, range, box.width)) {
        const left = Math.round(x(begin)), right = Math.round(x(end));
        let below = 0;
        for (let c = 0; c < k; c++) {
          const share = mean(values.subarray(c * n, (c + 1) * n), from, to);
          if (!(share > 0)) continue;
          ctx.fillStyle = data.classes[c].color;
          const top = box.top + (1 - below - share) * box.height;
          ctx.fillRect(left, top, right - left, share * box.height + 0.3);
          below += share;
        }
      }
    });
  };
  const drawAmplitude = p => {
    const { ctx, box, x, range } = p, n = timeline.n;
    const parts = cells(timeline, range, box.width);
    const lines = data.bands.map((_, b) => parts.map(([from, to]) => mean(timeline.amplitude.subarray(b * n, (b + 1) * n), from, to)));
    const known = lines.flat().filter(v => v > 0);
    if (!known.length) return;
    const all = known.reduce((a, v) => [Math.min(a[0], v), Math.max(a[1], v)], [Infinity, 0]);
    const low = Math.max(Math.log10(all[0]), Math.log10(all[1]) - 4) - 0.05, high = Math.max(Math.log10(all[1]) + 0.05, low + 0.5);
    const y = v => box.top + (high - Math.max(Math.log10(v), low)) / (high - low) * box.height;
    const marks = [];
    const few = high - low > 2.5 ? [1] : [1, 2, 5];
    for (let e = Math.floor(low); e <= high; e++) for (const m of few) if (Math.log10(m) + e >= low && Math.log10(m) + e <= high) marks.push(+(m * 10 ** e).toPrecision(2));
    axis(p, marks, y);
    clip(p, () => lines.forEach((line, b) => {
      ctx.strokeStyle = data.bands[b].color;
      ctx.lineWidth = 1.4;
      ctx.beginPath();
      let drawing = false;
      line.forEach((v, i) => {
        if (!(v >= 0)) { drawing = false; return; }
        const from = x(parts[i][2]), to = x(parts[i][3]);
        if (!drawing) ctx.moveTo(from, y(v));
        ctx.lineTo((from + to) / 2, y(v));
        if (i === line.length - 1 || !(line[i + 1] >= 0)) ctx.lineTo(to, y(v));
        drawing = true;
      });
      ctx.stroke();
    }));
  };
  const drawFrequency = p => {
    const { ctx, box, x, range } = p;
    const low = Math.min(...data.bands.map(b => b.low)), high = Math.max(...data.bands.map(b => b.high));
    const y = f => box.top + (high + 0.5 - f) / (high - low + 1) * box.height;
    axis(p, [...new Set(data.bands.flatMap(b => [b.low, b.high]))], y);
    clip(p, () => {
      ctx.fillStyle = INK;
      const parts = cells(timeline, range, 1e9), size = parts.length > box.width ? 1.5 : 2.5;
      ctx.globalAlpha = parts.length > box.width ? 0.5 : 0.85;
      for (const [i, , from, to] of parts) {
        const f = timeline.frequency[i];
        if (f === f) ctx.fillRect(x((from + to) / 2) - size / 2, y(f) - size / 2, size, size);
      }
      ctx.globalAlpha = 1;
    });
  };
  const drawFlags = p => {
    const { ctx, box, x, range } = p, n = timeline.n;
    timeline.flag_names.forEach((name, row) => {
      const top = box.top + 18 * row;
      clip(p, () => {
        ctx.fillStyle = FLAG;
        for (const [from, to, begin, end] of cells(timeline, range, box.width))
          if (mean(timeline.flags.subarray(row * n, (row + 1) * n), from, to) > 0) ctx.fillRect(x(begin), top + 3, Math.max(1, x(end) - x(begin) + 0.5), 12);
        const width = ctx.measureText(name).width;
        ctx.fillStyle = "rgba(255, 255, 255, 0.85)";
        ctx.fillRect(box.left + 2, top + 1, width + 6, 16);
        ctx.fillStyle = INK;
        ctx.textAlign = "left";
        ctx.textBaseline = "middle";
        ctx.fillText(name, box.left + 5, top + 9);
      });
    });
  };
  const DRAW = {
    signal: p => drawSignal(p, true),
    spectrogram: drawSpectrogram,
    spectrum: drawSpectrum,
    shares: p => drawStack(p, timeline.shares),
    probabilities: p => drawStack(p, timeline.probabilities),
    amplitude: drawAmplitude,
    frequency: drawFrequency,
    flags: drawFlags,
  };
  const drawOverview = () => {
    const p = pen(panels.overview, "overview", [0, data.duration]), { ctx, box, x } = p;
    drawSignal(p, false);
    const from = x(view[0]), to = Math.max(x(view[1]), from + 3);
    ctx.fillStyle = "rgba(255, 255, 255, 0.7)";
    ctx.fillRect(box.left, box.top, from - box.left, box.height);
    ctx.fillRect(to, box.top, box.left + box.width - to, box.height);
    ctx.strokeStyle = ACCENT;
    ctx.lineWidth = 2;
    ctx.strokeRect(from, box.top + 1, to - from, box.height - 2);
  };
  const drawCursor = () => {
    for (const [name, panel] of Object.entries(panels)) {
      if (name === "overview" || name === "spectrum") continue;
      panel.cursor ||= panel.canvas.parentElement.appendChild(Object.assign(document.createElement("div"), { className: "cursor" }));
      const inside = hover !== null && hover >= view[0] && hover <= view[1];
      panel.cursor.hidden = !inside;
      if (inside) panel.cursor.style.left = `${LEFT + (hover - view[0]) / (view[1] - view[0]) * (panel.canvas.clientWidth - LEFT - RIGHT)}px`;
    }
    readout.textContent = hover === null ? `${fullText(view[0])} to ${fullText(view[1])}` : reading(hover);
  };
  const reading = t => {
    const parts = [fullText(t)], i = Math.floor((t - timeline.start) / timeline.step), n = timeline.n;
    if (i >= 0 && i < n) {
      if (timeline.shares) {
        const best = data.classes.map((c, k) => [timeline.probabilities[k * n + i], c.title]).filter(c => c[0] === c[0]).sort((a, b) => b[0] - a[0])[0];
        if (best) parts.push(`${data.graded ? "severity " : ""}${best[1]} (${best[0].toFixed(2)})`);
      }
      const f = timeline.frequency[i];
      if (f === f) parts.push(`${f.toFixed(1)} Hz, ${Math.max(...data.bands.map((_, b) => timeline.amplitude[b * n + i])).toPrecision(2)} m/s²`);
    }
    return parts.join(" · ");
  };
  let asked = false;
  const draw = () => {
    asked = false;
    drawOverview();
    for (const [name, panel] of Object.entries(panels)) if (DRAW[name]) DRAW[name](pen(panel, name, name === "spectrum" ? [0, 15] : view));
    drawCursor();
    viewer.dataset.from = view[0].toFixed(3);
    viewer.dataset.to = view[1].toFixed(3);
  };
  const ask = () => { if (!asked) { asked = true; requestAnimationFrame(draw); } };
  const show = (from, to) => {
    const span = Math.min(Math.max(to - from, LEAST), data.duration);
    const middle = (from + to) / 2, start = Math.min(Math.max(middle - span / 2, 0), data.duration - span);
    view = [start, start + span];
    ask();
  };
  const zoom = (factor, at = (view[0] + view[1]) / 2) => {
    // The time under the pointer stays where it is.
    const share = (at - view[0]) / (view[1] - view[0]), span = Math.min(Math.max((view[1] - view[0]) * factor, LEAST), data.duration);
    show(at - share * span, at + (1 - share) * span);
  };
  const move = share => { const by = share * (view[1] - view[0]); show(view[0] + by, view[1] + by); };
  const DO = { in: () => zoom(0.5), out: () => zoom(2), left: () => move(-0.3), right: () => move(0.3), all: () => show(0, data.duration) };

  /* Hands. */
  viewer.querySelector(".tools").addEventListener("click", event => DO[event.target.dataset.do]?.());
  viewer.addEventListener("keydown", event => {
    const key = { "+": "in", "=": "in", "-": "out", ArrowLeft: "left", ArrowRight: "right", 0: "all" }[event.key];
    if (!key || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    DO[key]();
  });
  for (const button of document.querySelectorAll("button.go"))
    button.addEventListener("click", event => {
      show(+button.dataset.from, +button.dataset.to);
      viewer.scrollIntoView({ block: "start" });
      // Those who came by keyboard go on by keyboard.
      if (!event.detail) viewer.focus({ preventScroll: true });
    });
  const timeAt = (canvas, event, range) => {
    const box = canvas.getBoundingClientRect(), share = (event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
    return range[0] + Math.min(Math.max(share, 0), 1) * (range[1] - range[0]);
  };
  for (const [name, { canvas }] of Object.entries(panels)) {
    if (name === "spectrum") continue;
    const down = new Map();
    let from = null;
    canvas.addEventListener("pointerdown", event => {
      if (event.button) return;
      canvas.setPointerCapture(event.pointerId);
      down.set(event.pointerId, event.clientX);
      if (name === "overview") from = timeAt(canvas, event, [0, data.duration]);
    });
    canvas.addEventListener("pointermove", event => {
      const range = name === "overview" ? [0, data.duration] : view;
      if (!down.has(event.pointerId)) {
        hover = event.pointerType === "mouse" ? timeAt(canvas, event, range) : null;
        drawCursor();
        return;
      }
      const perPixel = (view[1] - view[0]) / (canvas.clientWidth - LEFT - RIGHT);
      const before = [...down.values()];
      down.set(event.pointerId, event.clientX);
      if (name === "overview") {
        const to = timeAt(canvas, event, range);
        if (Math.abs(to - from) > data.duration * 0.002) show(Math.min(from, to), Math.max(from, to));
      } else if (down.size === 2) {
        const after = [...down.values()], apart = v => Math.max(20, Math.abs(v[1] - v[0]));
        const box = canvas.getBoundingClientRect();
        zoom(apart(before) / apart(after), view[0] + ((after[0] + after[1]) / 2 - box.left - LEFT) * perPixel);
      } else if (down.size === 1) {
        const by = (before[0] - event.clientX) * perPixel;
        show(view[0] + by, view[1] + by);
      }
    });
    const up = event => {
      if (name === "overview" && from !== null && event.type === "pointerup") {
        const to = timeAt(canvas, event, [0, data.duration]), half = (view[1] - view[0]) / 2;
        if (Math.abs(to - from) <= data.duration * 0.002) show(to - half, to + half);
      }
      from = null;
      down.delete(event.pointerId);
    };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("pointerleave", () => { hover = null; drawCursor(); });
    if (name === "overview") continue;
    canvas.addEventListener("dblclick", event => zoom(0.4, timeAt(canvas, event, view)));
    canvas.addEventListener("wheel", event => {
      // The plain wheel scrolls the page, as everywhere.
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.01), timeAt(canvas, event, view));
      } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        move(event.deltaX / canvas.clientWidth);
      }
    }, { passive: false });
  }
  new ResizeObserver(ask).observe(viewer);
  // Paper has another width than the screen.
  addEventListener("beforeprint", draw);
  draw();
  viewer.dataset.ready = "yes";
})();
