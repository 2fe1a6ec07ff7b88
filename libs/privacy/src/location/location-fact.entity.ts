import { Check, Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';

export const LOCATION_FACT_KINDS = ['collected', 'provided'] as const;
export type LocationFactKind = (typeof LOCATION_FACT_KINDS)[number];

/**
 * A line of the record the law asks for (위치정보 수집·이용·제공사실 확인자료, 위치정보법 제16조제2항): that a location was
 * collected, or handed to a shop. Never where.
 *
 * It stands apart from captures and outlives their erasure; the database refuses to change it, and to delete it before
 * six months are over.
 */
@Entity({ schema: 'privacy', name: 'location_facts' })
@Unique('location_facts_once', ['captureId', 'kind'])
@Index('location_facts_by_time', ['at', 'id'])
@Check('location_facts_kind', `kind IN ('collected', 'provided')`)
export class LocationFact {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'location_facts_pkey' })
  id: string;

  @Column('text')
  kind: LocationFactKind;

  @Column('text')
  merchant: string;

  @Column('uuid', { name: 'capture_id' })
  captureId: string;

  /** Whose location (대상), as the shop knows them: the relay id; without one the capture. */
  @Column('text')
  subject: string;

  /** How it was acquired (취득경로). */
  @Column('text')
  source: string;

  /** For which service (제공서비스), as Kakao's callback named it. */
  @Column('text', { nullable: true })
  service: string | null;

  /** Who was given it (제공받는 자); absent when it was collected. */
  @Column('text', { nullable: true })
  receiver: string | null;

  /** What for (이용목적), as the customer agreed. */
  @Column('text', { nullable: true })
  purpose: string | null;

  @Column('timestamptz')
  at: Date;
}
